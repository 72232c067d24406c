/**
 * What the program tells the one who started it. Besides these, 128 + n when signal n ended it at once.
 *
 * @module
 */

/** It did what it was asked to; a service: it ended in order after SIGTERM or SIGINT. */
export const SUCCESS = 0;

/** It did not: the configuration is not valid, an address cannot be listened on, the proxy does not answer. */
export const FAILURE = 1;

/** The command line makes no sense. */
export const WRONG_USAGE = 2;
