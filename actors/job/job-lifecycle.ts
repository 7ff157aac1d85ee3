import { setup } from 'xstate'

/** E3, C7: no deployment before a term is claimed and a checkpoint chosen; failures during a restart join it. */
export const jobMachine = setup({
  types: {
    events: {} as
      | { type: 'claimed' }
      | { type: 'recovered' }
      | { type: 'deployed' }
      | { type: 'attemptFailed' }
      | { type: 'stop' }
      | { type: 'finished' }
      | { type: 'stopped' }
      | { type: 'fail' },
  },
}).createMachine({
  id: 'job',
  initial: 'claiming',
  states: {
    claiming: { on: { claimed: 'recovering', fail: 'failed' } },
    recovering: {
      on: {
        recovered: 'deploying',
        finished: 'finished',
        attemptFailed: 'recovering',
        stopped: 'stopped',
        fail: 'failed',
      },
    },
    deploying: {
      on: { deployed: 'running', attemptFailed: 'recovering', stopped: 'stopped', fail: 'failed' },
    },
    running: {
      on: { attemptFailed: 'recovering', finished: 'finished', stopped: 'stopped', fail: 'failed' },
    },
    finished: { type: 'final' },
    stopped: { type: 'final' },
    failed: { type: 'final' },
  },
})
