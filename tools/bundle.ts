/**
 * Makes `dist/rpxy-l4.js`, the whole proxy as one JavaScript file (`deno task bundle`).
 *
 * The file carries no `deno.json`, so what that says must stand on the command line that runs it:
 * `deno run --no-prompt --unstable-net --allow-net --allow-read --allow-ffi dist/rpxy-l4.js --config config.toml`,
 * where `--allow-ffi` is for the native engine. Its threads run the same file.
 *
 * @module
 */

const OUTPUT = "dist/rpxy-l4.js";

const root = new URL("..", import.meta.url);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["bundle", "--frozen", "--platform", "deno", "--output", OUTPUT, "main.ts"],
  cwd: root,
}).output();
if (code === 0) {
  const { size } = await Deno.stat(new URL(OUTPUT, root));
  console.log(`${OUTPUT}: ${(size / 1024).toFixed(0)} KiB`);
}
Deno.exit(code);
