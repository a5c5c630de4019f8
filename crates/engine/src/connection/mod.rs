//! Connections in use: credentials by name, OAuth tokens kept fresh (spec 2.4.6, 6.5).
