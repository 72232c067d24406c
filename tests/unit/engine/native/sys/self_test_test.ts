import assert from "node:assert/strict";
import { ENOSYS } from "../../../../../src/engine/native/sys/errno.ts";
import { layoutFor } from "../../../../../src/engine/native/sys/layout.ts";
import { Libc } from "../../../../../src/engine/native/sys/libc.ts";
import { openLibrary } from "../../../../../src/engine/native/sys/open_library.ts";
import { selfTest } from "../../../../../src/engine/native/sys/self_test.ts";
import type { SockaddrBuffer } from "../../../../../src/engine/native/sys/socket_address.ts";
import { Descriptors } from "../../../../support/descriptors.ts";
import { needs } from "../../../../support/needs.ts";
import { runOk } from "../../../../support/programs.ts";

const onLinux = needs("Linux");

onLinux("selfTest() finds all well here", () => {
  using descriptors = new Descriptors();
  assert.equal(selfTest(descriptors.libc), null);
});

needs("Linux", "network namespaces")("selfTest() does without a loopback interface", async () => {
  const selfTest = import.meta.resolve("../../../../../src/engine/native/sys/self_test.ts");
  const libc = import.meta.resolve("../../../../../src/engine/native/sys/libc.ts");
  const script = `import { selfTest } from "${selfTest}"; import { openLibc } from "${libc}"; ` +
    `console.log(selfTest(openLibc()));`;
  const deno = [Deno.execPath(), "eval", "--no-lock", script];
  assert.equal(await runOk("unshare", ["--net", ...deno]), "null\n");
});

onLinux("selfTest() finds the layout of another processor", () => {
  const other = layoutFor(Deno.build.arch === "x86_64" ? "aarch64" : "x86_64");
  assert.ok(other !== null);
  using libc = new Libc(openLibrary(), other);
  assert.match(selfTest(libc) ?? "all well", /^epoll: .*data: /);
});

onLinux("selfTest() names a call that the system refuses", () => {
  using libc = new WithoutSplice(openLibrary(), ownLayout());
  assert.equal(selfTest(libc), "pipes: splice: ENOSYS");
});

onLinux("selfTest() closes what it opens", () => {
  using libc = new Counting(openLibrary(), ownLayout());
  assert.equal(selfTest(libc), null);
  assert.ok(libc.opened > 10);
  assert.equal(libc.closed, libc.opened);
});

function ownLayout() {
  return layoutFor(Deno.build.arch) ?? assert.fail("no layout");
}

/** A sandbox that knows no splice. */
class WithoutSplice extends Libc {
  override splice(): number {
    return -ENOSYS;
  }
}

/** Counts descriptors: those of the process are also those of tests on other threads. */
class Counting extends Libc {
  opened = 0;
  closed = 0;

  override socket(family: number, type: number): number {
    this.opened++;
    return super.socket(family, type);
  }

  override eventfd(): number {
    this.opened++;
    return super.eventfd();
  }

  override epollCreate(): number {
    this.opened++;
    return super.epollCreate();
  }

  override pipe2(out: Int32Array): number {
    this.opened += 2;
    return super.pipe2(out);
  }

  override socketpair(family: number, type: number, out: Int32Array): number {
    this.opened += 2;
    return super.socketpair(family, type, out);
  }

  override accept4(fd: number, peer: SockaddrBuffer): number {
    this.opened++;
    return super.accept4(fd, peer);
  }

  override close(fd: number): number {
    const result = super.close(fd);
    if (result === 0) this.closed++;
    return result;
  }
}
