//! What linking a native module takes on each platform.

fn main() {
    napi_build::setup();
}
