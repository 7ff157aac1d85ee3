/**
 * An entry's slots as something that stays as it is while handlers change the state: then many entries can be encoded
 * at once, for a third of what each by itself costs. Primitives last, and so does what was made for the snapshot
 * alone; what state mostly is, is copied: plain objects of primitives, short lists and maps of these. What is larger
 * is not worth a copy.
 */

/** Of one entry: a character or a value takes one. */
const roomMax = 4096
const itemsMax = 32
const namesMax = 32

export class LastingSlots {
  private readonly copiers: Copier[] = []
  private readonly lasting: unknown[] = []
  private readonly timerSlot: number | undefined

  /** What `timerSlot` holds was made for the snapshot. */
  constructor(timerSlot: number | undefined) {
    this.timerSlot = timerSlot
  }

  /** Undefined where the entry must be encoded now; else to be taken before the next call. */
  of(slots: readonly unknown[]): readonly unknown[] | undefined {
    const { lasting } = this
    let room = roomMax
    for (let slot = 0; slot < slots.length; slot += 1) {
      const value = slots[slot]
      if (slot === this.timerSlot) lasting[slot] = value
      else {
        const copier = (this.copiers[slot] ??= new Copier())
        lasting[slot] = copier.copy(value)
        room -= copier.taken
        if (room < 0) return undefined
      }
    }
    return lasting
  }
}

/**
 * Objects are copied when their names are those of the object before. Others are left to the codec, which looks closer
 * at names that it did not just see (`core/codec/fits.ts`): a copy would hide from it what is no plain data.
 */
class Copier {
  /** By the last `copy`; infinite where there is none. */
  taken = 0
  private names: readonly string[] | undefined

  copy(value: unknown): unknown {
    this.taken = 0
    if (typeof value !== 'object' || value === null) return this.primitive(value)
    if (Array.isArray(value)) return this.list(value)
    return value instanceof Map ? this.map(value) : this.record(value)
  }

  private list(list: readonly unknown[]): unknown {
    const { length } = list
    // Holes and other names are the codec's to refuse; `length` is a name, too.
    if (length > itemsMax || Reflect.ownKeys(list).length !== length + 1) return this.none()
    if (Object.getPrototypeOf(list) !== Array.prototype) return this.none()
    return list.map((item) => this.item(item))
  }

  private map(map: ReadonlyMap<unknown, unknown>): unknown {
    if (map.size > itemsMax || Reflect.ownKeys(map).length > 0) return this.none()
    if (Object.getPrototypeOf(map) !== Map.prototype) return this.none()
    const copy = new Map<unknown, unknown>()
    for (const [key, item] of map) copy.set(this.primitive(key), this.item(item))
    return copy
  }

  private item(item: unknown): unknown {
    return typeof item === 'object' && item !== null ? this.record(item) : this.primitive(item)
  }

  private record(value: object): unknown {
    if (Object.getPrototypeOf(value) !== Object.prototype) return this.none()
    const object = value as Readonly<Record<string, unknown>>
    const { names } = this
    let count = 0
    for (const name in object) {
      if (names?.[count] !== name) return this.learn(object)
      this.primitive(object[name])
      count += 1
    }
    return count === names?.length ? { ...object } : this.learn(object)
  }

  private learn(object: object): undefined {
    const names = Object.keys(object)
    if (names.length <= namesMax) this.names = names
    return this.none()
  }

  private primitive(value: unknown): unknown {
    const type = typeof value
    if (type === 'string') this.taken += (value as string).length
    else if (type === 'function' || type === 'symbol' || (type === 'object' && value !== null))
      return this.none()
    this.taken += 1
    return value
  }

  private none(): undefined {
    this.taken = Infinity
  }
}
