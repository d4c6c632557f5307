package scan

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/codewarrant/codewarrant/artifact"
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
