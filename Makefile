# The front door. The build itself is meson's; this file only saves typing.
PREFIX ?= /usr/local
BUILD ?= build
# further options of meson, as in MESON_FLAGS=-Dwerror=true
MESON_FLAGS ?=

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/deps.sh build
	@meson setup $(BUILD) --buildtype=release --prefix=$(abspath $(PREFIX)) $(MESON_FLAGS)

# Everybody in a photograph, found and drawn: IMAGE=photo.jpg, DETECTOR=weights.pth, MODEL=weights.pth
demo: all
	@BUILD=$(BUILD) scripts/demo.sh

test: all
	@scripts/test.sh $(BUILD)

# All that CI runs, sanitizers included.
check:
	@.ci/run

bench: all
	@$(BUILD)/tools/hrnet bench --config coco/hrnet/w32_256x192
	@$(BUILD)/tools/hrnet bench --config coco/hrnet/w48_384x288 --runs 5

# The same networks in ONNX Runtime, ncnn and OpenVINO beside ours; see bench/peers/run.sh.
bench-peers: all
	@BUILD=$(BUILD) bench/peers/run.sh

# A step of training beside PyTorch's.
bench-peers-train: all
	@BUILD=$(BUILD) bench/peers/run.sh train

install: all
	@meson configure $(BUILD) -Dprefix=$(abspath $(PREFIX))
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD)

# The tests with a sanitizer looking on; the thread sanitizer on those that have threads.
asan:
	@scripts/deps.sh build
	@scripts/test-build.sh build-asan "" -Db_sanitize=address,undefined -Db_lundef=false --buildtype=debugoptimized

# What runs on several threads, but for what needs FFmpeg, whose own threads the sanitizer cannot follow.
tsan:
	@scripts/deps.sh build
	@scripts/test-build.sh build-tsan "pool engine loader session session_pool session_pose people_find picture_run \
	  picture_stages video_core video_find batch backprop_runs" \
	  -Db_sanitize=thread -Db_lundef=false --buildtype=debugoptimized

# The library's tests compiled for AArch64, under qemu.
test-aarch64:
	@scripts/test-aarch64.sh

# The sources compiled for musl and for 32 bits.
test-ports:
	@scripts/test-ports.sh

# Two builds in different folders have the same bytes.
reproducible:
	@scripts/check-reproducible.sh

# Debian's packages, in build-deb.
deb:
	@scripts/deb.sh

# Every fuzzer for FUZZ_SECONDS, starting from tests/fuzz/corpus.
FUZZ_SECONDS ?= 60
fuzz:
	@scripts/deps.sh check
	@scripts/fuzz.sh $(FUZZ_SECONDS)

clean:
	rm -rf build build-*

.PHONY: all demo test test-aarch64 test-ports reproducible deb check bench bench-peers bench-peers-train install asan tsan fuzz clean
