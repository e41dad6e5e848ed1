//! Asked → forwarded: the only room that sees both planes.
