/** The endless keyed count whose workers the recovery bench kills; worker processes load it. */
import { flow, fromGenerator, toFunction } from './../index.ts'
import { saleMaker, someKeys, type Sale } from './data/records.ts'
import { recoverySetup } from './harness/worker-setups.ts'

const recovery = flow('bench-recovery')
recovery
  .source(
    'sales',
    fromGenerator({
      count: Infinity,
      splits: 2,
      share: 'interleaved',
      at: saleMaker(someKeys(recoverySetup.read().keys)),
    }),
  )
  .keyBy('by-key', (sale: Sale) => sale.key)
  .aggregate('count', { init: () => 0, add: (n: number) => n + 1 }, { emitOn: 'end' })
  .sink(
    'none',
    toFunction(() => undefined),
  )

export default recovery
