/**
 * The job's workers. A lost one is replaced under a new id: ids are never reused, so nothing that a dead
 * worker said can be taken for its successor's.
 */
import { workerId, type WorkerId } from '../../core/ids.ts'
import type { WorkerHandle, WorkerHost } from '../worker/host.ts'
import type { FromWorker, ToWorker } from '../worker/messages.ts'

export interface CrewEvents {
  readonly message: (message: FromWorker) => void
  readonly started: (worker: WorkerId, pid: number) => void
  readonly ready: () => void
  readonly lost: (worker: WorkerId, pid: number, loss: WorkerLoss) => void
}

export interface WorkerLoss {
  readonly reason: string
  /** False for one that never said that it can be deployed to. */
  readonly wasReady: boolean
  /** The task whose turn did not end, for which the worker was ended. */
  readonly stuckIn: string | undefined
}

interface Member {
  readonly handle: WorkerHandle
  ready: boolean
}

export class Crew {
  private readonly host: WorkerHost
  private readonly events: CrewEvents
  private readonly places: (Member | undefined)[]
  private started = 0
  private closing = false

  constructor(host: WorkerHost, size: number, events: CrewEvents) {
    this.host = host
    this.events = events
    this.places = new Array<Member | undefined>(size).fill(undefined)
  }

  /** Starts a worker in every empty place. */
  fill(): void {
    this.places.forEach((member, place) => {
      if (!member) this.start(place)
    })
  }

  /** In the order of places; undefined while any place is empty or its worker not ready. */
  get ready(): readonly WorkerId[] | undefined {
    const ready = this.places.filter((member): member is Member => member?.ready === true)
    return ready.length === this.places.length ? ready.map((member) => member.handle.id) : undefined
  }

  get pids(): readonly { readonly worker: WorkerId; readonly pid: number }[] {
    return this.places.flatMap((member) =>
      member ? [{ worker: member.handle.id, pid: member.handle.pid }] : [],
    )
  }

  /** `told` runs after each worker. */
  tellAll(message: ToWorker, told: () => void = () => undefined): void {
    for (const member of this.places) {
      member?.handle.send(message)
      told()
    }
  }

  /** Ends all workers; resolves when they are gone. */
  async close(): Promise<void> {
    this.closing = true
    this.tellAll({ kind: 'shutdown' })
    await this.host.close()
  }

  kill(): void {
    this.closing = true
    for (const member of this.places) member?.handle.kill()
  }

  private start(place: number): void {
    const id = workerId(this.started < this.places.length ? `w${place}` : `w${place}-${this.started}`)
    this.started += 1
    const member: Member = {
      ready: false,
      handle: this.host.start(id, {
        message: (message) => {
          if (message.kind === 'ready') this.becameReady(member)
          else this.events.message(message)
        },
        lost: (reason, stuckIn) => {
          if (this.places[place] === member) this.places[place] = undefined
          if (!this.closing)
            this.events.lost(id, member.handle.pid, { reason, wasReady: member.ready, stuckIn })
        },
      }),
    }
    this.places[place] = member
    this.events.started(id, member.handle.pid)
  }

  private becameReady(member: Member): void {
    member.ready = true
    if (this.ready) this.events.ready()
  }
}
