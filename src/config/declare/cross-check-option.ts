/** Declares the option of the cross-check. */
import { share } from '../values/schemas.ts';

/** `crossCheck`. */
export const crossCheckOption = share()
  .default(0)
  .describe(
    'Share of the new tokens that the library jose verifies as well, from 0 to 1, for example 0.01. It runs after the response. A different result is logged as an error and counted. A token in the cache is not new.',
  );
