/** A process that records invocations at once with others: `record-loop.ts <database> <name> <count>`. */
import { openStore } from '../../src/store/store.js';
import { sampleInvocation, sampleResponse } from './samples.js';

const [path = '', name = '', count = '0'] = process.argv.slice(2);
const store = openStore(path, { mode: 'write', busyTimeoutMs: 30_000 });
for (let index = 0; index < Number(count); index++) {
  const id = `${name}-${index}`;
  const iteration = store.record({ invocation: sampleInvocation(id), responses: [sampleResponse(`resp-${id}`)] });
  console.log(iteration);
}
store.close();
