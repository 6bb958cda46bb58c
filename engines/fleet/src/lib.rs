//! The name of an engine in, the program that hosts it out: where it is installed, how to launch it, or how
//! to install it. This room knows package managers, a cache folder and the workers that are not linked.
//!
//! It must not run a case, nor know what an answer means.
