//! What `std` would have brought: a link to libc, a way to die, and one symbol.
//!
//! The C start-up files call `main`, so no `-nostartfiles`. rustc links with `-nodefaultlibs`, so libc is named
//! here; it serves `memcpy` and its like, and nothing else. There is no `#[global_allocator]`: a dependency on
//! `alloc` anywhere in the graph is a compile error.

use core::panic::PanicInfo;

#[link(name = "c")]
unsafe extern "C" {
    fn abort() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: `abort` takes nothing, may be called at any time, and does not return.
    unsafe { abort() }
}

/// The distributed `libcore` is built to unwind and names this symbol wherever a panic can pass. With
/// `panic = "abort"` nothing ever calls it, but the linker wants it in both profiles.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
