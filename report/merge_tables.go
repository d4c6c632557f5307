package report

import (
	"io"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// each calls a function with what tables are made of, of each report in the order of
// [Merger.Write].
func (m *Merger) each(do func(*check.Report) error) error {
	for d, err := range m.Documents() {
		if err != nil {
			return err
		}
		if err := do(d.report()); err != nil {
			return err
		}
	}
	return nil
}

// NDJSON writes the findings of all reports as the function of that name does.
func (m *Merger) NDJSON(w io.Writer) error { return m.each((&jsonWriter{w: w}).rows) }

// CSV writes the findings of all reports as one table, as the function of that name does.
func (m *Merger) CSV(w io.Writer) error {
	table := newTable(w)
	err := m.each(func(r *check.Report) error {
		table.rows(r)
		return nil
	})
	if err != nil {
		return err
	}
	return table.end()
}

// JUnit writes the cases of all reports as [CheckJUnit] does, in suites whose names begin with
// that of the repository, and before them suites in which each plan with shards that are
// missing, and each contradiction, is a case that fails. The reports are read twice, for what stands first counts the cases.
func (m *Merger) JUnit(w io.Writer) error {
	all := junitSuites{Name: "codewarrant merge"}
	for _, s := range []junitSuite{m.missingSuite(), m.contradictionSuite()} {
		if len(s.Cases) > 0 {
			all.add(s)
		}
	}
	own := all.Suites
	err := m.each(func(r *check.Report) error {
		for _, s := range junitSuitesOf(r) {
			all.add(s)
		}
		all.Suites = own
		return nil
	})
	if err != nil {
		return err
	}
	return all.stream(w, func(write func(junitSuite) error) error {
		return m.each(func(r *check.Report) error {
			for _, s := range junitSuitesOf(r) {
				if r.Repository != "" {
					s.Name = sanitise.Text(r.Repository) + ": " + s.Name
				}
				if err := write(counted(s)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// missingSuite has a case for each plan of which shards are missing.
func (m *Merger) missingSuite() junitSuite {
	s := junitSuite{Name: "shards that are missing"}
	for _, p := range m.Missing() {
		s.Cases = append(s.Cases, junitCase{
			Name: p.String(), Class: s.Name, Failure: &junitFailure{p.String(), string(Incomplete), p.Hint()},
		})
	}
	return s
}

// contradictionSuite has a case for each contradiction.
func (m *Merger) contradictionSuite() junitSuite {
	s := junitSuite{Name: "reports that contradict one another"}
	for _, c := range m.Conflicts() {
		message := sanitise.Text(c.String())
		s.Cases = append(s.Cases, junitCase{
			Name: message, Class: s.Name, File: sanitise.Text(c.Path),
			Failure: &junitFailure{message, string(Conflict), c.Hint()},
		})
	}
	return s
}
