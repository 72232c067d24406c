/**
 * Finds and opens the C library that the process runs on.
 *
 * @module
 */

import { LIBC_SYMBOLS } from "./symbols.ts";

/** The opened C library. */
export type LibcLibrary = Deno.DynamicLibrary<typeof LIBC_SYMBOLS>;

/** Why there can be no native engine here: `reason` ends a sentence such as `The native engine is not used: `. */
export class NativeUnavailable extends Error {
  override readonly name = "NativeUnavailable";

  constructor(readonly reason: string, cause?: unknown) {
    super(`The native engine is not available: ${reason}`, { cause });
  }
}

/**
 * Opens the C library.
 *
 * It must be the one that the process itself runs on: a second C library in a process, such as musl's where Deno was
 * linked against glibc, would take the first one's thread data for its own. So only the names of that one are tried.
 *
 * @throws {NativeUnavailable} where it is not permitted, not found, or lacks a function
 */
export function openLibrary(): LibcLibrary {
  const path = permittedLibrary();
  if (path === null) throw new NativeUnavailable("not permitted by --allow-ffi");
  try {
    return Deno.dlopen(path, LIBC_SYMBOLS);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NativeUnavailable(`cannot open the C library "${path}": ${reason}`, error);
  }
}

/**
 * The name by which the C library may be opened, or null. With `--allow-ffi` it is the library's own name, which the
 * process has loaded already; a permission for one file, as in `--allow-ffi=/lib/x86_64-linux-gnu/libc.so.6`, is for a
 * path, so that the usual ones are tried.
 */
export function permittedLibrary(): string | null {
  return isGranted() ? ownLibrary().name : libraryPaths().find(isGranted) ?? null;
}

/** Where systems keep the C library: one of these files is all that `--allow-ffi` has to list. */
export function libraryPaths(arch: string = Deno.build.arch): readonly string[] {
  return ownLibrary().paths.map((path) => path.replace("{arch}", arch));
}

/** Where one C library is found. */
interface Library {
  /** The name by which programs that use it have it loaded. */
  readonly name: string;
  readonly paths: readonly string[];
}

const GLIBC: Library = {
  name: "libc.so.6",
  paths: [
    "/lib/{arch}-linux-gnu/libc.so.6", // Debian, Ubuntu, distroless images
    "/usr/lib/{arch}-linux-gnu/libc.so.6",
    "/lib64/libc.so.6", // Fedora, SUSE
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6", // Arch
    "/usr/local/lib/libc.so.6", // Deno's image on Alpine, which brings a glibc
  ],
};

/** A name that starts with "libc." is musl's dynamic linker itself, which is the library (ldso/dynlink.c). */
const MUSL: Library = { name: "libc.so", paths: ["/lib/ld-musl-{arch}.so.1"] };

/** By what Deno was linked against. */
const LIBRARIES: Readonly<Record<string, Library>> = { gnu: GLIBC, musl: MUSL };

function ownLibrary(): Library {
  return LIBRARIES[Deno.build.env ?? ""] ?? GLIBC;
}

function isGranted(path?: string): boolean {
  const descriptor = path === undefined ? { name: "ffi" } as const : { name: "ffi", path } as const;
  return Deno.permissions.querySync(descriptor).state === "granted";
}
