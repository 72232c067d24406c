import assert from "node:assert/strict";
import {
  libraryPaths,
  NativeUnavailable,
  openLibrary,
  permittedLibrary,
} from "../../../../../src/engine/native/sys/open_library.ts";
import { openLibc } from "../../../../../src/engine/native/sys/libc.ts";
import { selfTest } from "../../../../../src/engine/native/sys/self_test.ts";
import { LIBC_SYMBOLS } from "../../../../../src/engine/native/sys/symbols.ts";

const isLinux = Deno.build.os === "linux";
const path = isLinux ? libraryPaths().find(isFile) : undefined;
const musl = `/lib/ld-musl-${Deno.build.arch}.so.1`;

Deno.test({
  name: "openLibrary() opens the library that the process runs on",
  ignore: !isLinux,
  permissions: { ffi: true },
  fn: () => openLibrary().close(),
});

Deno.test({
  name: "openLibrary() says that it is not permitted",
  ignore: !isLinux,
  permissions: { ffi: false },
  fn: () => {
    assert.throws(openLibrary, {
      name: "NativeUnavailable",
      message: "The native engine is not available: not permitted by --allow-ffi",
    });
  },
});

Deno.test({
  name: "the permission for the one file of the C library is enough",
  ignore: path === undefined,
  permissions: { ffi: [path ?? ""], net: false },
  fn: () => {
    assert.equal(permittedLibrary(), path);
    using libc = openLibc();
    assert.equal(selfTest(libc), null);
  },
});

Deno.test({
  name: "openLibrary() tells why the library cannot be opened",
  ignore: path !== undefined && libraryPaths().every(isFile),
  permissions: { ffi: [libraryPaths().find((path) => !isFile(path)) ?? ""] },
  fn: () => {
    assert.throws(openLibrary, (error: unknown) => {
      assert.ok(error instanceof NativeUnavailable);
      assert.match(error.reason, /^cannot open the C library "\/.+": /);
      return true;
    });
  },
});

// What it does cannot be tried here: a process has one C library, and Deno's own builds have glibc.
Deno.test({
  name: `every function is in musl${isFile(musl) ? "" : ` [needs ${musl}]`}`,
  ignore: !isFile(musl),
  fn: () => {
    Deno.dlopen(musl, LIBC_SYMBOLS).close();
    const ofGlibc = { "gnu_get_libc_version": { parameters: [], result: "pointer" } } as const;
    assert.throws(() => Deno.dlopen(musl, ofGlibc), "a function that is missing shows");
  },
});

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
