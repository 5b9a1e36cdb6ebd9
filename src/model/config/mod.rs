//! What stands where: files and includes as one configuration, its scopes, what is effective in each.

mod ask;
pub mod context;
pub mod include;
pub mod inherit;
pub mod lines;
pub mod lookup;
pub mod render;
pub mod scope;
