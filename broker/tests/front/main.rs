//! The front over real sockets: clients of another make where their manners suffice, bytes by hand where they do not.

#[cfg(test)]
mod crowds;
#[cfg(test)]
mod events;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod standard;
#[cfg(test)]
mod tls;
