//! Honest and dishonest seals, fleets and load: outsiders that know only the contract.
