package policy

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxExtends bounds what one policy extends.
const maxExtends = 16

var (
	repositoryFile = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100})//(.+)$`)
	hex40          = regexp.MustCompile(`^[0-9a-f]{40}$`) // a SHA-1: a commit, a CDHash
	hex64          = regexp.MustCompile(`^[0-9a-f]{64}$`) // a SHA-256
	reviewTeam     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	policyID       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$`)
)

func (r *reader) extends(n *yaml.Node) []Reference {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) == 0 || len(items) > maxExtends {
		r.fail(n, "remove it for a policy that stands alone", "extends names %d policies; 1 to %d are taken", len(items), maxExtends)
		return nil
	}
	var list []Reference
	for _, item := range items {
		list = append(list, r.reference(item, "extends"))
	}
	return list
}

// reference reads the name of a preset, the path of a file, or a file in a
// repository. What names the key that it is the value of.
func (r *reader) reference(n *yaml.Node, what string) Reference {
	ref := Reference{Position: r.position(n)}
	if n.Kind == yaml.MappingNode {
		r.mapping(n, what, []field{
			{"github", true, func(n *yaml.Node) {
				w := r.matching(n, "github", repositoryFile, "write owner/repository//path/of/the/policy.yml",
					"github %s names no file of a repository")
				if m := repositoryFile.FindStringSubmatch(w); m != nil {
					ref.Repository, ref.Path = m[1], m[2]
					r.check(n, "github", checkFile(ref.Path))
				}
			}},
			{"ref", true, func(n *yaml.Node) {
				ref.Ref = r.matching(n, "ref", hex40, "write the whole commit, 40 hexadecimal digits: a branch or a tag may be moved",
					"ref %s is no commit")
			}},
			{"sha256", false, func(n *yaml.Node) {
				ref.SHA256 = r.matching(n, "sha256", hex64, "write what sha256sum prints for the file",
					"sha256 %s is not 64 hexadecimal digits in lower case")
			}},
		})
		return ref
	}
	before := r.total()
	w := r.word(n, what)
	if r.total() > before || n.Kind != yaml.ScalarNode {
		return ref
	}
	if preset, ok := strings.CutPrefix(w, PresetPrefix); ok {
		var valid []string
		for _, name := range PresetNames() {
			valid = append(valid, PresetPrefix+name)
		}
		if pick(r, n, what, w, valid) != "" {
			ref.Preset = preset
		}
		return ref
	}
	ref.File = w
	if err := checkFile(w); err != nil {
		r.fail(n, referenceHint(w), "%s %s: %v", what, quote(w), err)
	}
	return ref
}

// referenceHint says how to write what was probably meant by a file that is none.
func referenceHint(name string) string {
	switch {
	case slices.Contains(PresetNames(), name):
		return "the built-in policy is " + PresetPrefix + name
	case slices.Contains(strings.Split(name, "/"), ".."):
		return "put it into the policy's folder or below, or name it in a repository: github: owner/repository//path/of/the/policy.yml and ref: the commit"
	case strings.Contains(name, "//") || strings.HasPrefix(name, "github:"):
		return "of another repository write two keys: github: owner/repository//path/of/the/policy.yml and ref: the commit"
	}
	return ""
}

// checkFile returns what is wrong with the path of a policy below a folder.
func checkFile(name string) error {
	if err := checkPath(name); err != nil {
		return err
	}
	if !strings.HasSuffix(name, ".yml") && !strings.HasSuffix(name, ".yaml") {
		return errors.New("is not named as a YAML file, .yml or .yaml")
	}
	return nil
}

// checkPath returns what is wrong with the path of a file below a folder.
func checkPath(name string) error {
	switch {
	case strings.Contains(name, `\`):
		return errors.New("separate folders with /")
	case strings.Contains(name, "://"):
		return errors.New("a URL; name a file beside the policy")
	case slices.ContainsFunc(strings.Split(name, "/"), func(s string) bool { return strings.EqualFold(s, ".git") }):
		return errors.New("is in .git, where git keeps what is not part of the repository")
	case path.IsAbs(name):
		return errors.New("an absolute path; name a file beside the policy")
	case slices.Contains(strings.Split(name, "/"), ".."):
		return errors.New("leads out of the policy's folder")
	case name == ".":
		return errors.New("names a folder")
	case strings.Contains(name, "//"):
		return errors.New("has a folder without a name")
	case path.Clean(name) != name:
		return fmt.Errorf("write it as %s", path.Clean(name))
	}
	return nil
}

func (r *reader) approvals(n *yaml.Node, a *Approvals) {
	a.Fields = r.mapping(n, "approvals", []field{
		{"accept", true, func(n *yaml.Node) {
			a.Accept = nil
			for _, w := range r.words(n, "accept", false, r.way) {
				a.Accept = append(a.Accept, Way(w))
			}
		}},
		{"allowed-signers", false, func(n *yaml.Node) {
			before := r.total()
			if a.AllowedSigners = r.word(n, "allowed-signers"); r.total() == before {
				r.check(n, "allowed-signers", checkPath(a.AllowedSigners))
			}
		}},
		{"threshold", false, func(n *yaml.Node) { a.Threshold = r.integer(n, "threshold", 1, mostThreshold) }},
		{"review-teams", false, func(n *yaml.Node) { a.ReviewTeams = r.words(n, "review-teams", false, r.team) }},
		{"overridable", false, func(n *yaml.Node) { a.Overridable = r.boolean(n, "overridable") }},
	})
	signed := slices.Contains(a.Accept, SignedBy)
	if len(a.Accept) > 1 && slices.Contains(a.Accept, Fields) {
		r.fail(n, "remove fields, or the others", "approvals accept fields, which every exception has that names an approver, so that nothing else proves anything")
	}
	if _, ok := a.Fields["threshold"]; ok && !signed {
		r.add(a.Fields["threshold"], "add signed to accept, or remove it", "threshold is how many have to sign, and nothing has to be signed")
	}
	if at, ok := a.Fields["review-teams"]; ok && !slices.Contains(a.Accept, Review) {
		r.add(at, "add review to accept, or remove it", "review-teams are whose reviews approve, and reviews are not accepted")
	}
	if len(a.ReviewTeams) > maxReviewTeams {
		r.add(a.Fields["review-teams"], "", "review-teams are %d; %d at most are taken", len(a.ReviewTeams), maxReviewTeams)
	}
}

// team checks the name of a team on GitHub. One with @, as CODEOWNERS has it, is told how to
// be written.
func (r *reader) team(n *yaml.Node, w string) {
	if !reviewTeam.MatchString(w) {
		hint := "write ORGANISATION/TEAM, such as acme/product-security"
		if strings.HasPrefix(w, "@") && reviewTeam.MatchString(w[1:]) {
			hint = "write it without the @: " + w[1:]
		}
		r.fail(n, hint, "review-teams %s is no team of an organisation on GitHub", quote(w))
	}
}

// maxReviewTeams bounds the teams that are asked for, one after another.
const maxReviewTeams = 10

// way checks a way in which an approval is proven.
func (r *reader) way(n *yaml.Node, w string) {
	pick(r, n, "accept", w, ways)
}

// mostThreshold bounds how many have to sign one exception.
const mostThreshold = 10
