export type Json = Readonly<Record<string, unknown>>
export type Level = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none'
export type User = {
  readonly id: number
  readonly login: string
  readonly type: 'User' | 'Bot' | 'Organization'
}
export type Comment = {
  readonly id: number
  readonly node_id: string
  readonly repository: Repository
  readonly number: number
  readonly author: string
  readonly createdAt: string
  updatedAt: string
  body: string
  edits: number
  /** The reason, when it is hidden. */
  minimized: string | undefined
}
export type Reaction = {
  readonly id: number
  readonly commentId: number
  readonly content: string
  readonly author: string
}
type Kept = { readonly id: number; readonly repositoryId: number; readonly sha: string }
/** What REST answers, beside what is only known here. */
export type Deployment = Kept & {
  shape: Json
  readonly isTransient: boolean
  readonly isProduction: boolean
  readonly statuses: Json[]
}
export type Status = Kept & { readonly shape: Json }
export type Check = Kept & { shape: Json }
export type Delivery = {
  readonly id: number
  readonly guid: string
  readonly delivered_at: string
  readonly redelivery: boolean
  readonly duration: number
  readonly status: string
  readonly status_code: number
  readonly event: string
  readonly action: string | null
  readonly installation_id: number | null
  readonly repository_id: number | null
  readonly throttled_at: string | null
  readonly request: { readonly headers: Json; readonly payload: Json }
  readonly response: { readonly headers: Json; readonly payload: string }
}
export type Installation = {
  readonly id: number
  readonly account: string
  isSuspended: boolean
  /** What its owner has accepted, when that is not what the app asks for now. */
  accepted?: Readonly<Record<string, string>>
}
/** Where the app's webhook goes; what is not there was never set. */
export type HookConfig = {
  url?: string
  content_type: string
  insecure_ssl: string
  secret?: string
}
type RepositoryGiven = {
  readonly id?: number
  /** `owner/name`, or the name alone beside an owner. */
  readonly fullName: string
  readonly owner?: string
  readonly private?: boolean
  readonly defaultBranch?: string
  readonly installationId?: number
}
type PullGiven = {
  readonly repository: Repository
  readonly number?: number
  readonly headSha?: string
  readonly headRef?: string
  /** Another one for a fork, `null` for a fork that is gone. */
  readonly headRepository?: Repository | null
  readonly baseRef?: string
  readonly state?: 'open' | 'closed'
  readonly title?: string
  readonly body?: string
  readonly author?: string
  readonly labels?: readonly string[]
  readonly draft?: boolean
}

export class Repository {
  readonly id: number
  fullName: string
  isPrivate: boolean
  defaultBranch: string
  installationId: number
  /** Sha by name. */
  readonly branches = new Map<string, string>()
  /** Sha by name; of an annotated tag that of its object. */
  readonly tags = new Map<string, string>()
  /** The commits of annotated tags, by their objects. */
  readonly tagObjects = new Map<string, string>()
  /** By login in small letters. */
  readonly permissions = new Map<string, Level>()
  readonly formerNames: string[] = []
  /** Whether a classic protection lies on the default branch. */
  isProtected = true
  /** The types of the rules that rulesets give a branch, by its name. */
  readonly rules = new Map<string, readonly string[]>()
  /** A bare repository whose branches and commits are the real ones. */
  folder: string | undefined
  /** Whether a folder that takes the place of another is laid over it instead. */
  mergesFolders = false
  /** A recursive list of a tree is cut short after so many entries. */
  listedMax = 100_000
  /** What GitHub says to whoever moves a branch, when it does not let them. */
  refusal: string | undefined
  /** Runs while a branch is moved. */
  beforeMove: (() => Promise<unknown>) | undefined
  afterMove: (() => Promise<unknown>) | undefined

  constructor(given: RepositoryGiven & { readonly id: number }) {
    const { id, fullName, owner = 'example', defaultBranch = 'main', installationId = 42 } = given
    this.id = id
    this.fullName = fullName.includes('/') ? fullName : `${owner}/${fullName}`
    this.isPrivate = given.private ?? false
    this.defaultBranch = defaultBranch
    this.installationId = installationId
    this.branches.set(defaultBranch, id.toString(16).padStart(40, 'b'))
  }

  get owner(): string {
    return this.fullName.split('/')[0] ?? ''
  }

  get name(): string {
    return this.fullName.split('/')[1] ?? ''
  }

  rename(name: string): void {
    this.formerNames.push(this.fullName)
    this.fullName = `${this.owner}/${name}`
  }
}

export class Pull {
  readonly id: number
  readonly repository: Repository
  readonly number: number
  readonly headRef: string
  headRepository: Repository | null
  headSha: string
  /** The head before the last push. */
  beforeSha: string
  baseRef: string
  state: 'open' | 'closed'
  title: string
  body: string
  author: string
  labels: string[]
  draft: boolean
  readonly createdAt: string
  closedAt: string | null = null
  merged: { readonly by: string; readonly sha: string; readonly at: string } | undefined
  readonly #now: () => string

  constructor(given: PullGiven, { id, now }: { id: number; now: () => string }) {
    const { repository, number = id, headSha = id.toString(16).padStart(40, 'c') } = given
    this.id = id
    this.repository = repository
    this.number = number
    this.headRef = given.headRef ?? `change-${number}`
    this.headRepository = given.headRepository === undefined ? repository : given.headRepository
    this.headSha = headSha
    this.beforeSha = headSha
    this.baseRef = given.baseRef ?? repository.defaultBranch
    this.state = given.state ?? 'open'
    this.title = given.title ?? `Change ${number}`
    this.body = given.body ?? ''
    this.author = given.author ?? 'alice'
    this.labels = [...(given.labels ?? [])]
    this.draft = given.draft ?? false
    this.#now = now
    this.createdAt = now()
    this.headRepository?.branches.set(this.headRef, headSha)
  }

  push(sha: string): void {
    this.beforeSha = this.headSha
    this.headSha = sha
    this.headRepository?.branches.set(this.headRef, sha)
  }

  close(): void {
    this.state = 'closed'
    this.closedAt = this.#now()
  }

  reopen(): void {
    this.state = 'open'
    this.closedAt = null
  }

  merge({ by = 'alice', sha = this.id.toString(16).padStart(40, 'd') } = {}): void {
    this.close()
    this.merged = { by, sha, at: this.#now() }
    this.repository.branches.set(this.baseRef, sha)
  }
}

/** What GitHub remembers. */
export class GithubState {
  /** The clock of tokens, time stamps and limits; a JWT is held to the real one, as who signs it is. */
  nowMs: () => number = () => Date.now()
  origin = ''
  readonly appId = 1
  readonly slug = 'gimlet'
  /** What the installation granted; without `issues` and `pull_requests` comments answer 403. */
  permissions: Record<string, 'read' | 'write'> = { metadata: 'read', contents: 'read', issues: 'write', pull_requests: 'write', deployments: 'write', statuses: 'write', checks: 'write' } // biome-ignore format: one value
  /** What the app is told of, beside what every app is. */
  events: string[] = ['issue_comment', 'pull_request', 'delete', 'push', 'repository', 'check_run', 'check_suite'] // biome-ignore format: one value
  hook: HookConfig = { content_type: 'json', insecure_ssl: '0' }
  readonly problems: string[] = []
  readonly installations: Installation[] = [{ id: 42, account: 'example', isSuspended: false }]
  readonly repositories: Repository[] = []
  readonly pulls: Pull[] = []
  /** By login in small letters. */
  readonly users = new Map<string, User>()
  /** Shas that GitHub does not have; every other of 40 digits it has. */
  readonly unknownShas = new Set<string>()
  /** Newest last; `sender` adds what it sends. */
  readonly deliveries: Delivery[] = []
  /** The deliveries that the app asked to be sent again. */
  readonly attempts: number[] = []
  resend: ((delivery: Delivery) => Promise<unknown>) | undefined
  readonly storedComments: Comment[] = []
  readonly storedReactions: Reaction[] = []
  readonly storedDeployments: Deployment[] = []
  readonly storedStatuses: Status[] = []
  readonly storedChecks: Check[] = []
  /** By `base...head`, as the app asks for it. */
  readonly comparisons = new Map<string, Json>()
  /** Whether GraphQL has the mutation; older hosts do not. */
  knowsUpdateRefs = true
  /** Answers to GraphQL by what the query matches, beside `minimizeComment`. */
  readonly graphqlAnswers: { readonly query: RegExp; readonly answer: Json }[] = []
  #count = 1000

  next = (): number => ++this.#count
  now = (): string => new Date(this.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z')

  get bot(): string {
    return `${this.slug}[bot]`
  }

  /** A person, who is made when new. */
  user(login: string, id?: number): User {
    const found = this.users.get(login.toLowerCase())
    if (found) return found
    const type = login.endsWith('[bot]') ? 'Bot' : login === 'example' ? 'Organization' : 'User'
    const user: User = { id: id ?? this.next(), login, type }
    this.users.set(login.toLowerCase(), user)
    return user
  }

  repository(given: RepositoryGiven): Repository {
    const repository = new Repository({ ...given, id: given.id ?? this.next() })
    this.repositories.push(repository)
    this.user(repository.owner)
    return repository
  }

  pull(given: PullGiven): Pull {
    const pull = new Pull(given, { id: this.next(), now: this.now })
    this.pulls.push(pull)
    this.user(pull.author)
    return pull
  }

  permission(repository: Repository, login: string, level: Level): void {
    this.user(login)
    repository.permissions.set(login.toLowerCase(), level)
  }

  /** Anybody reads a public repository. */
  levelOf({ permissions, isPrivate }: Repository, login: string): Level {
    return permissions.get(login.toLowerCase()) ?? (isPrivate ? 'none' : 'read')
  }

  /** The sha of a branch, or of 40 digits. */
  shaOf({ branches }: Repository, ref: string): string | undefined {
    const sha = branches.get(ref.replace(/^(?:refs\/)?heads\//, ''))
    if (sha !== undefined) return sha
    return /^[0-9a-f]{40}$/.test(ref) && !this.unknownShas.has(ref) ? ref : undefined
  }

  pullOf = (repository: Repository, number: number): Pull | undefined =>
    this.pulls.find((one) => one.repository === repository && one.number === number)

  addComment(at: Pick<Comment, 'repository' | 'number' | 'author' | 'body'>, id?: number): Comment {
    const { next, now } = this
    const made = { id: id ?? next(), createdAt: now(), updatedAt: now() }
    const comment = { ...at, ...made, node_id: nodeId('IC', made.id), edits: 0, minimized: undefined } // biome-ignore format: one value
    this.user(at.author)
    this.storedComments.push(comment)
    return comment
  }

  editComment(comment: Comment, body: string): void {
    Object.assign(comment, { body, edits: comment.edits + 1, updatedAt: this.now() })
  }

  /** A delivery as GitHub lists it, for what the app asks about after it was away. */
  delivery(given: Partial<Delivery> & { readonly event: string }): Delivery {
    const id = this.next()
    const made = { id, guid: crypto.randomUUID(), delivered_at: this.now(), redelivery: false, duration: 0.1, status: 'OK', status_code: 200, action: null, installation_id: 42, repository_id: null, throttled_at: null } // biome-ignore format: one value
    const talk = { request: { headers: {}, payload: {} }, response: { headers: {}, payload: '' } }
    const delivery = { ...made, ...talk, ...given }
    this.deliveries.push(delivery)
    return delivery
  }

  /** What people see below a pull request. */
  comments(repository: Repository, number: number) {
    return this.storedComments
      .filter((one) => one.repository === repository && one.number === number)
      .map(({ id, node_id, body, author, edits, minimized }) => ({ id, node_id, body, author, edits, minimized })) // biome-ignore format: one value
  }

  reactions = (commentId: number): { content: string; author: string }[] =>
    this.storedReactions
      .filter((one) => one.commentId === commentId)
      .map(({ content, author }) => ({ content, author }))

  /** Oldest first, as their statuses are; `state` is that of the last. */
  deployments({ id: repositoryId }: Repository) {
    return this.storedDeployments
      .filter((one) => one.repositoryId === repositoryId)
      .map(({ id, sha, shape, statuses }) => {
        const { ref, environment, task, payload, description } = shape
        const state = statuses.at(-1)?.state
        return structuredClone({ id, ref, sha, environment, task, payload, description, state, statuses }) // biome-ignore format: one value
      })
  }

  /** Everything that was set on a commit, oldest first. */
  statuses = ({ id }: Repository, sha: string): Json[] =>
    shapesOf(this.storedStatuses.filter((one) => one.repositoryId === id && one.sha === sha))

  checks = ({ id }: Repository, sha: string): Json[] =>
    shapesOf(this.storedChecks.filter((one) => one.repositoryId === id && one.sha === sha))
}

export const nodeId = (kind: string, id: number): string =>
  `${kind}_${Buffer.from(`kw${id}`).toString('base64url')}`

const shapesOf = (kept: readonly { shape: Json }[]): Json[] =>
  kept.map(({ shape }) => structuredClone(shape))
