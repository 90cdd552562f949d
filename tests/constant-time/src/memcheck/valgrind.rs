//! Valgrind's client requests: what `memcheck.h` does by macro, for x86-64.
//!
//! A sequence of rotations that comes to nothing tells Valgrind, which translates the program, that a request follows;
//! on a processor it does nothing. The numbers are Valgrind's interface (`VG_USERREQ__…`) and do not change.
#![allow(unsafe_code)]

use std::arch::asm;

const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
const CHANGE_ERR_DISABLEMENT: usize = 0x1801;
const MEMCHECK: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16;
const MAKE_MEM_UNDEFINED: usize = MEMCHECK + 1;
const MAKE_MEM_DEFINED: usize = MEMCHECK + 2;
const GET_VBITS: usize = MEMCHECK + 8;

fn request(number: usize, arguments: [usize; 3]) -> usize {
    let [a, b, c] = arguments;
    let block = [number, a, b, c, 0, 0];
    let mut answer = 0;
    // SAFETY: the rotations of rdi add up to 128, so it ends as it began, and rbx is exchanged with itself. Valgrind reads
    // the six words at rax and puts its answer in rdx. The requests made here write nothing but the buffer of `GET_VBITS`,
    // whose address was exposed.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") block.as_ptr(),
            inout("rdx") answer,
        );
    }
    answer
}

pub(crate) fn is_running() -> bool {
    request(RUNNING_ON_VALGRIND, [0; 3]) > 0
}

/// Reports so far, each repetition counted.
pub(crate) fn errors() -> usize {
    request(COUNT_ERRORS, [0; 3])
}

/// From here on, a branch or an address that depends on these bytes is reported.
pub(crate) fn make_undefined(bytes: &mut [u8]) {
    request(MAKE_MEM_UNDEFINED, [bytes.as_mut_ptr().expose_provenance(), bytes.len(), 0]);
}

pub(crate) fn make_defined(bytes: *mut u8, len: usize) {
    request(MAKE_MEM_DEFINED, [bytes.expose_provenance(), len, 0]);
}

/// Whether any bit is undefined.
pub(crate) fn is_undefined(bytes: *mut u8, len: usize) -> bool {
    let mut bits = vec![0_u8; len];
    let answer = request(GET_VBITS, [bytes.expose_provenance(), bits.as_mut_ptr().expose_provenance(), len]);
    assert_eq!(answer, 1, "Valgrind knows these bytes");
    bits.iter().any(|bits| *bits != 0)
}

/// Does something that may depend on secrets, as building a set does, without a report.
pub(crate) fn unwatched<R>(work: impl FnOnce() -> R) -> R {
    request(CHANGE_ERR_DISABLEMENT, [1, 0, 0]);
    let result = work();
    request(CHANGE_ERR_DISABLEMENT, [usize::MAX, 0, 0]);
    result
}
