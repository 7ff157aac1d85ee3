/**
 * What was seen at one place of a flow, for whoever waits for it at another: a flow that holds it back stands still.
 * Over processes by files beside the stage's folder; what was seen stays seen, whoever dies.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Stage } from '../harness/scenario/scenario.ts'

export interface Sightings {
  /** Any number of times; a name is part of a file's. */
  note(name: string): void
  /** Resolves once so many were seen. */
  until(count: number): Promise<void>
}

export const sightings = (stage: Stage): Sightings =>
  stage.transport === 'simulated' ? new RememberedSightings() : new FiledSightings(stage)

class RememberedSightings implements Sightings {
  private readonly names = new Set<string>()
  private waiting: (() => void)[] = []

  note(name: string): void {
    this.names.add(name)
    for (const wake of this.waiting.splice(0)) wake()
  }

  async until(count: number): Promise<void> {
    while (this.names.size < count) await new Promise<void>((resolve) => this.waiting.push(resolve))
  }
}

class FiledSightings implements Sightings {
  private readonly stage: Stage

  constructor(stage: Stage) {
    this.stage = stage
  }

  note(name: string): void {
    writeFileSync(`${this.stage.folder}.seen-${name}`, '')
  }

  async until(count: number): Promise<void> {
    while (this.count() < count) await this.stage.breathe()
  }

  private count(): number {
    const { folder } = this.stage
    return readdirSync(dirname(folder)).filter((name) => name.startsWith(`${basename(folder)}.seen-`)).length
  }
}
