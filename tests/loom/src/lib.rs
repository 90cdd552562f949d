//! Nothing but the models in `tests/`.
