//! Jointech's electronic locks (JT701): text frames between parentheses, binary ones that begin with `$`, on one connection.
//!
//! Binary, version 0x19 and its like: `$`, number 5 BCD, version 1, type and kind 1, length 2, then date 6 BCD `ddmmyyhhmmss` in UTC,
//! latitude 4 BCD `ddmmmmmm`, longitude 9 digits `dddmmmmmm` and a digit of flags (1 located, 2 north, 4 east), speed in knots 1,
//! direction in 2 degrees 1, mileage in km 4, satellites 1, vehicle 4, status word of the lock 2, battery in percent 1 (0xFF: charging),
//! cell 2, area 2, signal 1, fence 1, wake source 1, reserved 2, IMEI 8, cell 2, MCC 2, MNC 1, number of the frame 1. Answered by
//! `(P69,0,<number>)`, older versions by `(P35)`.
//!
//! Text: `(<number>,P45,<ddmmyy>,<hhmmss>,<lat>,N,<lon>,E,A,<km/h>,<direction>,<event>,<status>,<card>,<check>,<wrong passwords>,<number>)`
//! is an unlocking, answered by P69 too; `(<number>,P22)` asks for the time. Every other text (P43, say, asks to
//! reset a password) is kept as it came, and not answered.

mod binary;
mod digits;
mod talk;
mod text;

pub use talk::Jointech;

/// The terminal does not tell its accuracy: taken to be what JT/T 794 asks of a terminal.
const ACCURACY_DM: u64 = 150;
