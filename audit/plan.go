package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/canonical"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// Schema names the format of a plan; schema/audit-plan.v1.schema.json describes it. A field
// may be added to it; none is taken away or changes its meaning.
const Schema = "codewarrant.audit-plan/1"

// MaxPlan bounds a plan, in bytes: 100,000 repositories with long names, and 4 MiB of
// policies.
const MaxPlan = 64 << 20

// Plan is all that has to be known to look at a repository, and which ones there are. Made
// of the same, it is the same to the byte.
type Plan struct {
	Schema       string            `json:"schema"`
	Tool         tool              `json:"tool"`
	Date         string            `json:"date"` // the day that is judged
	Shards       int               `json:"shards"`
	Audit        text              `json:"audit"`
	Texts        map[string]string `json:"texts"` // of which the baseline is made, by the names of their places
	Repositories []Target          `json:"repositories"`

	audit    *policy.Audit
	baseline standard
	day      policy.Date
}

const toolName = "codewarrant"

type tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type text struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Target is a repository that is to be looked at.
type Target struct {
	Repository string `json:"repository"`       // OWNER/NAME
	Branch     string `json:"branch,omitempty"` // its default branch; empty: it is still to be asked for

	// Was are names under which it is listed, and which it had once: it is looked at once.
	Was []string `json:"was,omitempty"`

	// WithoutPolicy is the level at which it is told that it has no policy; empty: it is
	// left out then.
	WithoutPolicy policy.Level `json:"without_policy,omitempty"`
}

// ErrNothing is the error of a plan of no repositories: nothing would be looked at.
var ErrNothing = errors.New("no repository is found that is to be audited")

// Make finds the repositories of an audit, whose file has the text src, and reads its
// baseline; local reads files of this machine. There are no more shards than repositories.
func Make(ctx context.Context, client *github.Client, src []byte, a *policy.Audit, day policy.Date, shards int, version string, local func(policy.Location) ([]byte, error)) (*Plan, error) {
	p := &Plan{
		Schema: Schema, Tool: tool{toolName, version}, Date: day.String(), Audit: text{a.Name, string(src)},
		Texts: map[string]string{}, audit: a, day: day,
	}
	r := &reader{ctx: ctx, client: client, local: local}
	var err error
	p.baseline, err = newStandard(a, func(l policy.Location) ([]byte, error) {
		src, err := r.text(l)
		if err == nil {
			p.Texts[l.String()] = string(src)
		}
		return src, err
	})
	if err != nil {
		return nil, err
	}
	found, err := discovered(ctx, client, a.Discover)
	if err != nil {
		return nil, err
	}
	if err := listed(ctx, client, a.Repositories, found); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNothing
	}
	for _, t := range found {
		p.Repositories = append(p.Repositories, t)
	}
	inorder.By(p.Repositories, compare)
	p.Shards = min(shards, len(p.Repositories))
	return p, nil
}

// compare orders repositories as GitHub tells them apart, in either case.
func compare(a, b Target) int { return compareNames(a.Repository, b.Repository) }

func compareNames(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

// target returns the repository that is in the plan under this name, if one is.
func (p *Plan) target(name string) (t Target, ok bool) {
	i, ok := slices.BinarySearchFunc(p.Repositories, name, func(t Target, name string) int { return compareNames(t.Repository, name) })
	if ok {
		t = p.Repositories[i]
	}
	return t, ok
}

// rank orders levels, the worst first, and to be left out last.
func rank(l policy.Level) int {
	return slices.Index([]policy.Level{policy.Error, policy.Warning, policy.Note, ""}, l)
}

// Day returns the day that is judged, whenever the plan is run.
func (p *Plan) Day() policy.Date { return p.day }

// Part returns which repositories are in a part of the plan, from 1; 0 is all of it. Those
// that stand together, and may be alike, are in different ones.
func (p *Plan) Part(shard int) []int {
	var list []int
	for i := range p.Repositories {
		if shard == 0 || i%p.Shards == shard-1 {
			list = append(list, i)
		}
	}
	return list
}

// Write writes the plan.
func (p *Plan) Write(w io.Writer) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(p); err != nil {
		return err
	}
	_, err := w.Write(sanitise.JSON(b.Bytes()))
	return err
}

// SHA256 returns the digest of the plan as it is written undivided, by which parts of it are told
// from those of others, however it is divided.
func (p *Plan) SHA256() (sum [sha256.Size]byte, err error) {
	whole := *p
	whole.Shards = 1
	h := sha256.New()
	if err := whole.Write(h); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// Read reads a plan back, which is held against the same rules as what it was made of. version
// is that of the program: what another one planned, this one may judge by other rules, and the
// parts of one plan have to be judged alike.
func Read(b []byte, version string) (*Plan, error) {
	if len(b) > MaxPlan {
		return nil, fmt.Errorf("a plan of more than %d bytes", MaxPlan)
	}
	// Which format it is, and whose, is told before what this version does not know of it.
	var p, head Plan
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("not a plan: %w", err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf("schema %q is not the one that this version reads: %s", head.Schema, Schema)
	}
	if by := (tool{toolName, version}); head.Tool != by {
		return nil, fmt.Errorf("the plan was made by %s %s, and this is %s %s", head.Tool.Name, head.Tool.Version, by.Name, by.Version)
	}
	if err := canonical.Decode(b, &p); err != nil {
		return nil, fmt.Errorf("not a plan: %w", err)
	}
	var err error
	if p.day, err = policy.ParseDate(p.Date); err != nil {
		return nil, fmt.Errorf("not a plan: date: %w", err)
	}
	if p.audit, err = policy.ParseAudit(p.Audit.Name, []byte(p.Audit.Text)); err != nil {
		return nil, err
	}
	p.baseline, err = newStandard(p.audit, func(l policy.Location) ([]byte, error) {
		src, ok := p.Texts[l.String()]
		if !ok {
			return nil, fmt.Errorf("the plan does not have %s", l)
		}
		return []byte(src), nil
	})
	if err != nil {
		return nil, err
	}
	if p.Shards < 1 || p.Shards > report.MaxShards || p.Shards > len(p.Repositories) {
		return nil, fmt.Errorf("not a plan: %d shards of %d repositories", p.Shards, len(p.Repositories))
	}
	for i, t := range p.Repositories {
		switch {
		case !github.IsRepository(t.Repository):
			return nil, fmt.Errorf("not a plan: repositories[%d]: %q is not OWNER/NAME", i, t.Repository)
		case rank(t.WithoutPolicy) < 0:
			return nil, fmt.Errorf("not a plan: repositories[%d]: %q is not a level", i, t.WithoutPolicy)
		case i > 0 && compare(p.Repositories[i-1], t) >= 0:
			return nil, fmt.Errorf("not a plan: repositories[%d]: %q is not after the one before it", i, t.Repository)
		}
		for _, was := range t.Was {
			if !github.IsRepository(was) {
				return nil, fmt.Errorf("not a plan: repositories[%d]: was: %q is not OWNER/NAME", i, was)
			}
		}
	}
	return &p, nil
}
