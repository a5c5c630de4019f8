//! The HTTP client of the engine: pooled, capped, and guarded against private addresses (D10).
