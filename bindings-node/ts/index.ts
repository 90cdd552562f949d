/**
 * Auth verification for MCP servers: JWT, API keys, rate limits and one gate, on a Rust core.
 *
 * @packageDocumentation
 */

import { native } from './_native.js';

export const version: string = native.version();
