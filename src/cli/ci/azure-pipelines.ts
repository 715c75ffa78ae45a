import type { Environment, Known, System } from './build.ts'
import { commitPage } from './remote.ts'

/** https://learn.microsoft.com/azure/devops/pipelines/build/variables */
export const azurePipelines: System = {
  name: 'Azure Pipelines',
  isHere: ({ TF_BUILD }) => TF_BUILD?.toLowerCase() === 'true',
  read(environment) {
    const place = placeOf(environment)
    const project = encodeURIComponent(environment.SYSTEM_TEAMPROJECT ?? '')
    const results = `_build/results?buildId=${environment.BUILD_BUILDID}`
    return {
      ...place,
      repository: repositoryOf(environment),
      url: commitPage(environment.BUILD_REPOSITORY_URI, place.sha ?? ''),
      jobUrl: `${environment.SYSTEM_COLLECTIONURI}${project}/${results}`,
    }
  },
}

function placeOf(environment: Environment): Known {
  const { BUILD_SOURCEVERSION: sha, BUILD_SOURCEBRANCH: ref = '' } = environment
  if (environment.SYSTEM_PULLREQUEST_PULLREQUESTID)
    return {
      event: 'pr',
      // What is built is the merge into the target branch, and only Azure has that commit.
      sha: environment.SYSTEM_PULLREQUEST_SOURCECOMMITID,
      sourceBranch: branchOf(environment.SYSTEM_PULLREQUEST_SOURCEBRANCH),
      targetBranch: branchOf(environment.SYSTEM_PULLREQUEST_TARGETBRANCH),
      // Of a repository on GitHub the id is not the number.
      pullRequest:
        environment.SYSTEM_PULLREQUEST_PULLREQUESTNUMBER ||
        environment.SYSTEM_PULLREQUEST_PULLREQUESTID,
    }
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1]
  const message = environment.BUILD_SOURCEVERSIONMESSAGE
  return tag === undefined
    ? { event: 'push', sha, branch: branchOf(ref), message }
    : { event: 'tag', sha, tag, message }
}

/** A repository of Azure’s own is named without its project. */
function repositoryOf(environment: Environment): string {
  const { BUILD_REPOSITORY_NAME: name = '', SYSTEM_TEAMPROJECT: project = '' } = environment
  if (environment.BUILD_REPOSITORY_PROVIDER !== 'TfsGit') return name
  return [project, name].map((part) => part.replaceAll(' ', '-')).join('/')
}

const branchOf = (ref = ''): string => ref.replace(/^refs\/heads\//, '')
