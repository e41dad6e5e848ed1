//! What holds for the library as a whole, seen from outside.

mod allocations;
mod facts;
mod layers;
