/**
 * Why a token is refused: jsonwebtoken's own classes where it is installed, so that `instanceof` of either module knows the
 * errors of both. No more of it is loaded than those three small files. An app that has it in two places has two sets of its
 * classes, as it has without doorward; the set here is the one that doorward's own folder finds.
 */

import { createRequire } from 'node:module';
import * as own from './own_errors.js';

type Classes = Pick<typeof own, 'JsonWebTokenError' | 'TokenExpiredError' | 'NotBeforeError'>;

/** jsonwebtoken's, all of them or none. */
function installed(): Classes | undefined {
  const load = createRequire(__filename);
  try {
    return {
      JsonWebTokenError: load('jsonwebtoken/lib/JsonWebTokenError'),
      TokenExpiredError: load('jsonwebtoken/lib/TokenExpiredError'),
      NotBeforeError: load('jsonwebtoken/lib/NotBeforeError'),
    };
  } catch {
    return undefined;
  }
}

export const { JsonWebTokenError, TokenExpiredError, NotBeforeError }: Classes = installed() ?? own;
export type JsonWebTokenError = own.JsonWebTokenError;
export type TokenExpiredError = own.TokenExpiredError;
export type NotBeforeError = own.NotBeforeError;
