package policy

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	// maxRepositories bounds the repositories that a file lists one by one.
	maxRepositories = 10_000

	// maxDiscoveries bounds how many organisations, or parts of them, are asked for.
	maxDiscoveries = 100

	// maxGlobs bounds the globs of names in one place.
	maxGlobs = 100
)

// What GitHub takes for names, with room for those that an enterprise manages.
var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,98}/[A-Za-z0-9._-]{1,100}$`)
	orgName        = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,98}$`)
	topicName      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,49}$`)
)

// withoutPolicy are the values of without-policy: levels, and to leave a repository out.
var withoutPolicy = []string{string(Error), string(Warning), string(Note), "ignore"}

// ParseAudit reads a file that says what is audited, as strictly as [Parse] reads a policy.
// On failure the audit is nil and the error is of type [Errors].
func ParseAudit(name string, src []byte) (*Audit, error) {
	r := &reader{file: name, what: "audit"}
	a := &Audit{Name: name, Policy: DefaultPath, Stage: DefaultStage, FailOn: FailOnError}
	if root := r.document(src); root != nil {
		r.refuse(root)
		r.audit(root, a)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return a, nil
}

func (r *reader) audit(n *yaml.Node, a *Audit) {
	given := r.mapping(n, "the audit", []field{
		{"version", true, func(n *yaml.Node) { r.integer(n, "version", version, version) }},
		{"repositories", false, func(n *yaml.Node) {
			a.Repositories = r.words(n, "repositories", false, func(n *yaml.Node, w string) {
				if !repositoryName.MatchString(w) || strings.HasSuffix(w, "/.") || strings.HasSuffix(w, "/..") {
					r.fail(n, "write OWNER/NAME, such as acme/desktop", "%s is no repository on GitHub", quote(w))
				}
			})
			if len(a.Repositories) > maxRepositories {
				r.fail(n, "have them discovered, by a topic or by name", "repositories are %d; %d at most are taken", len(a.Repositories), maxRepositories)
			}
		}},
		{"discover", false, func(n *yaml.Node) {
			r.list(n, "discover", func(n *yaml.Node) { a.Discover = append(a.Discover, r.discovery(n)) })
			if len(a.Discover) > maxDiscoveries {
				r.fail(n, "", "discover has %d entries; %d at most are taken", len(a.Discover), maxDiscoveries)
			}
		}},
		{"policy", false, func(n *yaml.Node) {
			before := r.total()
			if a.Policy = r.word(n, "policy"); r.total() == before {
				r.check(n, "policy", checkFile(a.Policy))
			}
		}},
		{"baseline", false, func(n *yaml.Node) {
			ref := r.reference(n, "baseline")
			a.Baseline = &ref
		}},
		{"stage", false, func(n *yaml.Node) { a.Stage = r.word(n, "stage") }},
		{"fail-on", false, func(n *yaml.Node) { a.FailOn = choice(r, n, "fail-on", failOns) }},
		{"release", false, func(n *yaml.Node) {
			r.mapping(n, "release", []field{
				{"assets", true, func(n *yaml.Node) { a.Assets = r.globs(n, "assets") }},
			})
		}},
	})
	if given != nil && len(a.Repositories)+len(a.Discover) == 0 {
		r.fail(n, "list repositories, or have those of an organisation found with discover: [{org: acme}]", "the audit is about no repository")
	}
}

func (r *reader) discovery(n *yaml.Node) Discovery {
	d := Discovery{WithoutPolicy: Note, Position: r.position(n)}
	r.mapping(n, "discover", []field{
		{"org", true, func(n *yaml.Node) {
			d.Org = r.matching(n, "org", orgName, "write the name that is in its address, such as acme", "%s is no organisation on GitHub")
		}},
		{"topic", false, func(n *yaml.Node) {
			d.Topic = r.matching(n, "topic", topicName, "a topic has lower-case letters, digits and -", "%s is no topic on GitHub")
		}},
		{"name", false, func(n *yaml.Node) { d.Names = r.globs(n, "name") }},
		{"archived", false, func(n *yaml.Node) { d.Archived = r.boolean(n, "archived") }},
		{"without-policy", false, func(n *yaml.Node) {
			if w := choice(r, n, "without-policy", withoutPolicy); w != "ignore" {
				d.WithoutPolicy = Level(w)
			} else {
				d.WithoutPolicy = ""
			}
		}},
	})
	return d
}

// globs reads one glob of names or a list of them.
func (r *reader) globs(n *yaml.Node, what string) []Glob {
	var list []Glob
	for _, w := range r.words(n, what, false, func(n *yaml.Node, w string) {
		if _, err := ParseGlob(w); err != nil {
			r.fail(n, globHint, "%s %s %s", what, quote(w), err)
		}
	}) {
		list = append(list, Glob(w))
	}
	if len(list) > maxGlobs {
		r.fail(n, "", "%s has %d globs; %d at most are taken", what, len(list), maxGlobs)
	}
	return list
}
