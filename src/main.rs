//! Parses the arguments, calls the library, turns the result into an exit status.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    wslint::run(std::env::args_os())
}
