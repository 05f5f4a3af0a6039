//! The API over real sockets, with a real tracker on a folder of its own.

#[cfg(test)]
mod cargo;
#[cfg(test)]
mod client;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod districts;
#[cfg(test)]
mod document;
#[cfg(test)]
mod enrolment;
#[cfg(test)]
mod events;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod factors;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod geometry;
#[cfg(test)]
mod house;
mod ledger;
#[cfg(test)]
mod oidc;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod photos;
#[cfg(test)]
mod problems;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod scope;
#[cfg(test)]
mod seal;
#[cfg(test)]
mod series;
#[cfg(test)]
mod session;
#[cfg(test)]
mod tlog;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod webhooks;
