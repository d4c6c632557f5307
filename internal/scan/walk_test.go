package scan

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/codesign"
	it "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// An image is held against its checksums after the files on it were read, which may be unpacking it still.
func TestAnImageWaitsForWhatWasBegunBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := walk{}
		ended, file := w.job(&artifact.Item{}), w.job(&artifact.Item{})
		close(ended.ended)
		image, outer := w.job(&artifact.Item{Image: &artifact.Image{}}), w.job(&artifact.Item{Image: &artifact.Image{}})
		behind := w.job(&artifact.Item{})
		if len(w.running) != 4 || len(image.before) != 1 || len(outer.before) != 2 || len(behind.before) != 0 {
			t.Fatalf("%d run, and %d, %d and %d are waited for", len(w.running), len(image.before), len(outer.before), len(behind.before))
		}
		var waited, given bool
		go func() {
			image.wait(ctx)
			waited = true
		}()
		go func() {
			outer.wait(ctx)
			given = true
		}()
		synctest.Wait()
		if waited || given {
			t.Error("an image did not wait for the file")
		}
		close(file.ended)
		synctest.Wait()
		if !waited || given {
			t.Errorf("the file has ended: the image goes on: %t, the one around it: %t", waited, given)
		}
		cancel()
		synctest.Wait()
		if !given {
			t.Error("the end of the time did not end the wait")
		}
	})
}

func TestAnImageIsVerifiedAfterItsFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "x.dmg")
		image := it.UDIF{}.Write(it.HFSDisk(map[string]string{"tool": string(machotest.Binary{}.Bytes())}))
		if err := os.WriteFile(file, image, 0o600); err != nil {
			t.Fatal(err)
		}
		v := codesign.NewVerifier(codesign.Anchors{}, time.Time{})
		w := walk{}
		var jobs []job
		for item, problem := range artifact.Walk(t.Context(), file) {
			if problem != nil {
				t.Fatal(problem.Err)
			}
			defer item.Close()
			jobs = append(jobs, w.job(item))
		}
		if len(jobs) != 2 || jobs[1].item.Image == nil {
			t.Fatalf("%d jobs, of which the last is no image", len(jobs))
		}
		var o outcome
		go func() { o = jobs[1].read(t.Context(), view{verifier: v}) }()
		synctest.Wait()
		if o.file {
			t.Error("the image was verified before the file on it was read")
		}
		close(jobs[0].ended)
		synctest.Wait()
		if len(o.found.Packages) != 1 || len(o.found.Unread) != 0 {
			t.Errorf("then it was not: %+v", o.found)
		}
	})
}
