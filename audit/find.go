package audit

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/policy"
)

// targets are repositories by their names in lower case, as GitHub tells them apart.
type targets map[string]Target

func (t targets) of(name string) (Target, bool) {
	found, ok := t[strings.ToLower(name)]
	return found, ok
}

func (t targets) put(one Target) { t[strings.ToLower(one.Repository)] = one }

// discovered finds the repositories of organisations. Of one that is found twice the stricter
// level counts.
func discovered(ctx context.Context, client *github.Client, list []policy.Discovery) (targets, error) {
	found := targets{}
	for _, d := range list {
		all, err := client.Repositories(ctx, d.Org)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			_, name, _ := strings.Cut(r.Name, "/")
			is := func(g policy.Glob) bool { return policy.Glob(strings.ToLower(string(g))).Match(strings.ToLower(name)) }
			if r.Archived && !d.Archived || d.Topic != "" && !slices.Contains(r.Topics, d.Topic) || d.Names != nil && !slices.ContainsFunc(d.Names, is) {
				continue
			}
			t := Target{Repository: r.Name, Branch: r.DefaultBranch, WithoutPolicy: d.WithoutPolicy}
			if was, ok := found.of(r.Name); ok && rank(was.WithoutPolicy) < rank(t.WithoutPolicy) {
				t.WithoutPolicy = was.WithoutPolicy
			}
			found.put(t)
		}
	}
	return found, nil
}

// maxAsking is how many questions about listed repositories are asked at the same time. GitHub
// allows a hundred, and recommends few
// (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
const maxAsking = 4

// listed adds the repositories that are listed one by one. Each is asked for, so that two names
// of one repository, of which GitHub redirects one, are one target. What keeps one from being
// found out is for the run to tell.
func listed(ctx context.Context, client *github.Client, names []string, found targets) error {
	answers := make([]github.Repository, len(names))
	var asking sync.WaitGroup
	free := make(chan struct{}, maxAsking)
	for i, name := range names {
		if _, ok := found.of(name); ok || ctx.Err() != nil {
			continue
		}
		free <- struct{}{}
		asking.Go(func() {
			owner, repo, _ := strings.Cut(name, "/")
			if r, err := client.Repository(ctx, owner, repo); err == nil {
				answers[i] = r
			}
			<-free
		})
	}
	asking.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for i, name := range names {
		t, ok := found.of(cmp.Or(answers[i].Name, name))
		if !ok {
			t = Target{Repository: cmp.Or(answers[i].Name, name), Branch: answers[i].DefaultBranch}
		}
		t.WithoutPolicy = policy.Error
		if !strings.EqualFold(t.Repository, name) && !slices.ContainsFunc(t.Was, func(was string) bool { return strings.EqualFold(was, name) }) {
			t.Was = append(t.Was, name)
			slices.SortFunc(t.Was, compareNames)
		}
		found.put(t)
	}
	return nil
}
