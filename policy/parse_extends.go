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
	commit         = regexp.MustCompile(`^[0-9a-f]{40}$`)
	sha256Hex      = regexp.MustCompile(`^[0-9a-f]{64}$`)
	identifierText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$`)
)

func (r *reader) extends(n *yaml.Node) []Reference {
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	if len(items) == 0 || len(items) > maxExtends {
		r.fail(n, "", "extends names %d policies; 1 to %d are taken", len(items), maxExtends)
		return nil
	}
	var list []Reference
	for _, item := range items {
		list = append(list, r.reference(item))
	}
	return list
}

// reference reads the name of a preset, the path of a file, or a file in a
// repository.
func (r *reader) reference(n *yaml.Node) Reference {
	ref := Reference{Position: r.position(n)}
	if n.Kind == yaml.MappingNode {
		r.mapping(n, "extends", []field{
			{"github", true, func(n *yaml.Node) {
				w := r.word(n, "github")
				m := repositoryFile.FindStringSubmatch(w)
				if m == nil {
					r.fail(n, "write owner/repository//path/of/the/policy.yml", "github %s names no file of a repository", quote(w))
					return
				}
				ref.Repository, ref.Path = m[1], m[2]
				r.check(n, "github", checkFile(ref.Path))
			}},
			{"ref", true, func(n *yaml.Node) {
				if ref.Ref = r.word(n, "ref"); !commit.MatchString(ref.Ref) {
					r.fail(n, "write the whole commit, 40 hexadecimal digits: a branch or a tag may be moved", "ref %s is no commit", quote(ref.Ref))
				}
			}},
			{"sha256", false, func(n *yaml.Node) {
				if ref.SHA256 = r.word(n, "sha256"); !sha256Hex.MatchString(ref.SHA256) {
					r.fail(n, "write what sha256sum prints for the file", "sha256 %s is not 64 hexadecimal digits", quote(ref.SHA256))
				}
			}},
		})
		return ref
	}
	w := r.word(n, "extends")
	if preset, ok := strings.CutPrefix(w, PresetPrefix); ok {
		ref.Preset = pick(r, n, "extends", preset, PresetNames())
		return ref
	}
	ref.File = w
	r.check(n, "extends", checkFile(w))
	return ref
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
	case path.IsAbs(name):
		return errors.New("an absolute path; name a file beside the policy")
	case slices.Contains(strings.Split(name, "/"), ".."):
		return errors.New("leads out of the policy's folder")
	case path.Clean(name) != name || name == ".":
		return fmt.Errorf("write it as %s", path.Clean(name))
	}
	return nil
}

func (r *reader) approvals(n *yaml.Node, a *Approvals) {
	a.Position = r.position(n)
	a.Fields = r.mapping(n, "approvals", []field{
		{"accept", true, func(n *yaml.Node) {
			a.Accept = nil
			for _, w := range r.words(n, "accept", false, func(n *yaml.Node, w string) { pick(r, n, "accept", w, ways) }) {
				a.Accept = append(a.Accept, Way(w))
			}
		}},
		{"allowed-signers", false, func(n *yaml.Node) {
			a.AllowedSigners = r.word(n, "allowed-signers")
			r.check(n, "allowed-signers", checkPath(a.AllowedSigners))
		}},
		{"threshold", false, func(n *yaml.Node) { a.Threshold = r.integer(n, "threshold", 1, mostThreshold) }},
		{"overridable", false, func(n *yaml.Node) { a.Overridable = r.boolean(n, "overridable") }},
	})
	signed := slices.Contains(a.Accept, SignedBy)
	if len(a.Accept) > 1 && slices.Contains(a.Accept, Fields) {
		r.fail(n, "remove fields, or the others", "approvals accept fields, which every exception has that names an approver, so that nothing else proves anything")
	}
	if _, ok := a.Fields["threshold"]; ok && !signed {
		r.add(a.Fields["threshold"], "add signed to accept, or remove it", "threshold is how many have to sign, and nothing has to be signed")
	}
}

// mostThreshold bounds how many have to sign one exception.
const mostThreshold = 10
