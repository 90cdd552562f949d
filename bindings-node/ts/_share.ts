/** What threads of one process have in common: a name each, which can be posted. */

import { text } from './_arguments.js';
import { ConfigError } from './_errors.js';
import { wrongType } from './_options.js';

/** The name of a gate, a limiter or a set of API keys, for other threads of this process. Made by `share()`. */
export interface SharedHandle {
  readonly doorward: 'gate' | 'limiter' | 'api_keys';
  readonly id: string;
}

/** @internal */
export function sharedHandle(doorward: SharedHandle['doorward'], id: string): SharedHandle {
  return Object.freeze({ doorward, id });
}

/** What is named, if it is such a thing. @internal */
export function sharedId(handle: SharedHandle, wanted: SharedHandle['doorward']): string {
  if (typeof handle !== 'object' || handle === null) throw wrongType('handle', 'what share() gave', handle);
  if (handle.doorward !== wanted) {
    throw new ConfigError('the handle is not of such a thing', 'shared_unknown');
  }
  return text(handle.id, 'handle.id');
}
