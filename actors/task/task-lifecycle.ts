import { setup } from 'xstate'

/** C10: `ended` tasks go on passing barriers; only `stop` or a failure ends one. */
export const taskMachine = setup({
  types: {
    events: {} as
      | { type: 'restore' }
      | { type: 'restored' }
      | { type: 'inputsEnded' }
      | { type: 'onEndRan' }
      | { type: 'stop' }
      | { type: 'fail' },
  },
}).createMachine({
  id: 'task',
  initial: 'created',
  states: {
    created: { on: { restore: 'restoring', stop: 'stopped', fail: 'failed' } },
    restoring: { on: { restored: 'running', stop: 'stopped', fail: 'failed' } },
    running: { on: { inputsEnded: 'ending', stop: 'stopped', fail: 'failed' } },
    ending: { on: { onEndRan: 'ended', stop: 'stopped', fail: 'failed' } },
    ended: { on: { stop: 'stopped', fail: 'failed' } },
    stopped: { type: 'final' },
    failed: { type: 'final' },
  },
})
