import { describe, expect, it } from 'vitest'
import { checkpointId, flowName, stepName, type StepName } from '../core/ids.ts'
import {
  checkChannels,
  checkFingerprint,
  describeDifference,
  differenceOf,
  type FlowFacts,
} from './compatibility.ts'
import { channelSnapshot, sampleChannel, sampleManifest } from './simulated/samples.ts'

const steps = (...names: string[]): StepName[] => names.map((name) => stepName(name))
const section = {
  scope: { kind: 'list', index: 0 },
  content: { kind: 'inline', bytes: new Uint8Array(1) },
} as const
const manifest = sampleManifest({
  checkpoint: 4,
  tasks: [
    {
      steps: [
        { step: stepName('visits'), version: 1, sections: [section] },
        { step: stepName('stateless'), version: 1, sections: [] },
      ],
      parts: [],
    },
  ],
})
const flow: FlowFacts = { job: flowName('job'), fingerprint: 'f', keyGroups: 128, steps: steps('visits') }

describe('checkFingerprint', () => {
  it('an unchanged flow is the same, whatever steps without state there were', () => {
    expect(checkFingerprint(manifest, flow)).toEqual({ kind: 'same' })
  })

  it('an added step starts afresh, and is named', () => {
    const changed = { ...flow, fingerprint: 'g', steps: steps('visits', 'totals') }
    expect(checkFingerprint(manifest, changed)).toEqual({
      kind: 'changed',
      difference: { added: ['totals'], removed: [] },
      description: "without stored state: 'totals'",
    })
  })

  it('a removed or renamed step is refused with what differs, unless a person drops its state', () => {
    const renamed = { ...flow, fingerprint: 'g', steps: steps('calls') }
    expect(() => checkFingerprint(manifest, renamed)).toThrow(
      /checkpoint 4 holds state of 'visits'.*gone since: 'visits'; without stored state: 'calls'.*dropState/,
    )
    expect(() => checkFingerprint(manifest, renamed, { dropState: steps('other') })).toThrow(/visits/)
    expect(checkFingerprint(manifest, renamed, { dropState: steps('visits') })).toMatchObject({
      kind: 'changed',
    })
  })

  it('another job, or another number of key groups, is refused', () => {
    expect(() => checkFingerprint(manifest, { ...flow, job: flowName('other') })).toThrow(
      /belongs to flow 'job'/,
    )
    expect(() => checkFingerprint(manifest, { ...flow, keyGroups: 64 })).toThrow(/set it to 128/)
  })

  it('the same steps in another arrangement are a change', () => {
    expect(describeDifference(differenceOf(steps('a', 'b'), steps('b', 'a')))).toMatch(/another arrangement/)
  })
})

describe('checkChannels', () => {
  const unaligned = sampleManifest({
    checkpoint: 9,
    unaligned: true,
    tasks: [channelSnapshot(sampleChannel())],
  })

  it('C4: channel state goes to the link that it was recorded on', () => {
    const links = [sampleChannel(), sampleChannel({ toIndex: 0 })]
    expect(() => checkChannels(unaligned, { links, steps: steps('by-page') }, null)).not.toThrow()
    expect(() => checkChannels(manifest, { links: [], steps: steps('visits') }, null)).not.toThrow()
    // Dropped with consent, which `checkFingerprint` asks for.
    expect(() => checkChannels(unaligned, { links: [], steps: steps('visits') }, null)).not.toThrow()
  })

  it.each([
    ['another parallelism of the receivers', { toTasks: 4 }],
    ['another parallelism of the senders', { fromTasks: 1 }],
    ['another input of the step', { from: stepName('views') }],
    ['another output', { output: 'dead-letters' }],
    ['another of several equal inputs', { nth: 1 }],
  ])('C4: rescale starts from an aligned checkpoint: %s is refused, with what to do', (_, change) => {
    const run = { links: [sampleChannel(change)], steps: steps('by-page') }
    expect(() => checkChannels(unaligned, run, checkpointId(7))).toThrowError(
      expect.objectContaining({
        code: 'RESCALE_UNALIGNED',
        message: expect.stringMatching(
          /checkpoint 9 .* on clicks\[0\] → by-page\[1\] \(2 and 2 tasks\).*stop it.*restore the aligned checkpoint 7/,
        ) as string,
      }),
    )
    expect(() => checkChannels(unaligned, run, null)).toThrow(/then start it anew$/)
  })
})
