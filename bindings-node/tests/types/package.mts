// How the package's types read from an ES module: compiled, never run.

import { version } from 'doorward';

const text: string = version;
export { text };
