package audit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// State is a folder in which answers of GitHub are kept from one run to the next, and the
// reports of a run until it is over. Each file is there whole or not at all. What is in it
// is believed: who can write to the folder decides what an audit says.
type State struct {
	API string // address that answers come from; reports of another are not gone on with
	dir string

	mu   sync.Mutex
	err  error           // why an answer could not be kept; the first
	used map[string]bool // the files of answers that were loaded or saved
}

// The folders in a state, and what stands in one for a repository of which nothing is
// reported.
const (
	answers = "answers"
	before  = "answers-before" // of other runs, until this one uses them
	assets  = "assets"         // while they are looked at
	reports = "reports"
	mark    = "codewarrant-audit" // a file that tells the folder of a state
	skipped = "nothing to report\n"
)

// OpenState opens the state in a folder, which is made where it is not there. What is in a
// folder of somebody else's would be taken away: it is an error.
func OpenState(dir string) (*State, error) {
	s := &State{dir: dir}
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(list) > 0 && !slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == mark }) {
		return nil, fmt.Errorf("%s is not empty, and no folder of an audit", dir)
	}
	if err := os.MkdirAll(s.path(answers), 0o700); err != nil {
		return nil, err
	}
	return s, os.WriteFile(s.path(mark), nil, 0o600)
}

// Begin prepares for a run: the reports of another plan, or of another shard of it, are
// taken away, and the answers that they have used are dropped by [State.End] unless this run
// uses them, too. What is there of the same is left, so that the run goes on where one was
// interrupted. What was asked by way of s to make the plan is used by the run.
func (s *State) Begin(p *Plan, shard int) error {
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		return err
	}
	fmt.Fprintf(&b, "%d %s\n", shard, s.API)
	if err := os.RemoveAll(s.path(assets)); err != nil { // of a run that was killed
		return err
	}
	plan := s.path(reports, "plan")
	if was, err := os.ReadFile(plan); err == nil { // of a run that was never over
		if bytes.Equal(was, b.Bytes()) {
			return nil
		}
		if err := s.setAside(); err != nil {
			return err
		}
	}
	if err := s.clear(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.path(reports), 0o700); err != nil {
		return err
	}
	return replace(plan, b.Bytes())
}

// End takes all reports away: the run is over, and the next one looks at everything anew. Of the
// answers those are left that this run has used, from its plan on and however often it was
// interrupted: so there are no more than one run asks for, whatever changes on GitHub, and
// whatever other plans were begun before and never came to an end.
func (s *State) End() error {
	if err := s.clear(); err != nil {
		return err
	}
	if err := os.RemoveAll(s.path(before)); err != nil {
		return err
	}
	if err := os.Rename(s.path(answers), s.path(before)); err != nil {
		return err
	}
	return os.Mkdir(s.path(answers), 0o700)
}

// setAside puts the answers that were not used by way of s with those of other runs.
func (s *State) setAside() error {
	list, err := os.ReadDir(s.path(answers))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(s.path(before), 0o700); err != nil {
		return err
	}
	for _, e := range list {
		name := s.path(answers, e.Name())
		if s.uses(name) {
			continue
		}
		if err := os.Rename(name, s.path(before, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (s *State) uses(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used[name]
}

// use notes that the file of an answer is used.
func (s *State) use(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used == nil {
		s.used = map[string]bool{}
	}
	s.used[name] = true
}

func (s *State) clear() error {
	return errors.Join(os.RemoveAll(s.path(reports)), os.RemoveAll(s.path(assets)))
}

// temp makes a folder that nobody else sees.
func (s *State) temp() (string, error) {
	if err := os.MkdirAll(s.path(assets), 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(s.path(assets), "")
}

// has reports whether the i-th repository was looked at.
func (s *State) has(i int) bool {
	info, err := os.Stat(s.done(i))
	return err == nil && info.Size() > 0
}

// report returns the name of the file with the report on the i-th repository, and whether
// there is one.
func (s *State) report(i int) (string, bool) {
	for _, name := range []string{s.done(i), s.partial(i)} {
		if info, err := os.Stat(name); err == nil {
			return name, info.Size() != int64(len(skipped))
		}
	}
	return "", false
}

// keep keeps the report on the i-th repository; empty: there is none. One that is not
// complete is taken for that in this run alone.
func (s *State) keep(i int, report []byte, complete bool) error {
	if len(report) == 0 {
		report = []byte(skipped)
	}
	if !complete {
		return replace(s.partial(i), report)
	}
	return replace(s.done(i), report)
}

func (s *State) done(i int) string    { return s.path(reports, fmt.Sprintf("%06d.json", i)) }
func (s *State) partial(i int) string { return s.path(reports, fmt.Sprintf("%06d.partial.json", i)) }

func (s *State) path(names ...string) string {
	return filepath.Join(append([]string{s.dir}, names...)...)
}

// Load returns an answer that was saved, and notes that it is used.
func (s *State) Load(key string) []byte {
	name := s.answer(answers, key)
	s.use(name)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		if moved := os.Rename(s.answer(before, key), name); moved != nil && !errors.Is(moved, fs.ErrNotExist) {
			s.fail(moved)
		}
		b, err = os.ReadFile(name) // which somebody else may have moved
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.fail(err)
	}
	return b
}

// Save keeps an answer.
func (s *State) Save(key string, answer []byte) {
	name := s.answer(answers, key)
	s.use(name)
	if err := replace(name, answer); err != nil {
		s.fail(err)
	}
}

func (s *State) answer(folder, key string) string {
	return s.path(folder, fmt.Sprintf("%x", sha256.Sum256([]byte(key))))
}

func (s *State) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// failed returns why an answer could not be kept, if one could not.
func (s *State) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// replace writes a file in one step.
func replace(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
