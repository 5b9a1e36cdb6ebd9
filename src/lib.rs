//! wslint
