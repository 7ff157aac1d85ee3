import { describe, expect, it } from 'vitest'
import { resolveCheckpointOptions, type CheckpointOptions } from './options.ts'

describe('checkpoint options', () => {
  it('have defaults', () => {
    expect(resolveCheckpointOptions()).toEqual({
      everyMs: 1_000,
      timeoutMs: 600_000,
      failuresMax: 5,
      minPauseMs: 0,
      keep: 3,
      alignmentTimeoutMs: null,
    })
    expect(resolveCheckpointOptions({ everyMs: null }).everyMs).toBeNull()
    expect(resolveCheckpointOptions({ alignmentTimeoutMs: 0 }).alignmentTimeoutMs).toBe(0)
  })

  it.each<[CheckpointOptions, string]>([
    [{ everyMs: 0 }, 'checkpoints.everyMs must be a whole number ≥ 1, got 0'],
    [{ timeoutMs: 1.5 }, 'checkpoints.timeoutMs'],
    [{ failuresMax: 0 }, 'checkpoints.failuresMax'],
    [{ minPauseMs: -1 }, 'checkpoints.minPauseMs must be a whole number ≥ 0, got -1'],
    [{ keep: NaN }, 'checkpoints.keep'],
    [{ alignmentTimeoutMs: -1 }, 'checkpoints.alignmentTimeoutMs must be a whole number ≥ 0, got -1'],
    [{ alignmentTimeoutMs: 50, timeoutMs: 50 }, 'must be below checkpoints.timeoutMs (50), got 50'],
  ])('%j is rejected, not clamped', (options, message) => {
    expect(() => resolveCheckpointOptions(options)).toThrow(message)
  })
})
