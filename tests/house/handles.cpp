/*
 * handles.cpp - hrnet.hpp against the C functions below it: the same bits, every failure as an error, nothing freed too
 * early or twice. test_cpp.sh compiles it with exceptions and without, under the name that CHECK_HANDLES gives, with
 * several compilers and standards. Arguments: the folder tests/, and one that may be written into.
 */
#include <hrnet.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

int CHECK_HANDLES(const char *tests, const char *scratch);

namespace
{

/* The value of a call that should succeed, and the status of one that may not. */
#ifdef HRNET_NO_EXCEPTIONS
template <class T> T take(hrnet::result<T> &&outcome)
{
    if (!outcome) {
        std::fprintf(stderr, "%s\n", outcome.error().what());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}
#define TAKE(call) take(call)
template <class F> hrnet_status status_of(F &&call, std::string *message = nullptr)
{
    const auto outcome = call();
    if (outcome) return HRNET_OK;
    if (message != nullptr) *message = outcome.error().what();
    return outcome.error().status();
}
#else
#define TAKE(call) (call)
template <class F> hrnet_status status_of(F &&call, std::string *message = nullptr)
{
    try {
        call();
    } catch (const hrnet::error &error) {
        if (message != nullptr) *message = error.what();
        return error.status();
    }
    return HRNET_OK;
}
#endif

int n_failed;

void expect(bool holds, const char *what)
{
    if (holds) return;
    std::printf("handles: %s\n", what);
    n_failed++;
}

struct files {
    std::string config, weights, detector, picture, scratch;
};

hrnet::model load_model(const files &where)
{
    const hrnet::config config = TAKE(hrnet::config::load(where.config, {"TEST.FLIP_TEST", "false"}));
    expect(TAKE(config.value("MODEL.NUM_JOINTS")).find("17") == 0, "a value of a configuration");
    hrnet::model_options options;
    options.config = config.get();
    return TAKE(hrnet::model::load(where.weights, options));
}

/* The model and the detector are let go before the finder works. */
hrnet::finder make_finder(const files &where, int max_persons)
{
    hrnet::finder_options options;
    options.threads = 1;
    options.max_persons = max_persons;
    return TAKE(hrnet::finder::create(TAKE(hrnet::detector::load(where.detector)), load_model(where), options));
}

bool same(const hrnet_people &a, const hrnet_people &b)
{
    if (a.n_persons != b.n_persons || a.n_keypoints != b.n_keypoints) return false;
    for (int i = 0; i < a.n_persons; i++) {
        const hrnet_pose &p = a.persons[i], &q = b.persons[i];
        const std::size_t n_bytes = static_cast<std::size_t>(a.n_keypoints) * sizeof *p.keypoints;
        if (p.score != q.score || std::memcmp(&p.box, &q.box, sizeof p.box) != 0) return false;
        if (std::memcmp(p.keypoints, q.keypoints, n_bytes) != 0) return false;
    }
    return true;
}

void check_people(const files &where)
{
    hrnet::finder first = make_finder(where, 5);
    hrnet::finder finder = std::move(first);
    const hrnet::image photo = TAKE(hrnet::image::load(where.picture));
    const hrnet_pixels pixels = photo.pixels();
    hrnet::people people = TAKE(finder.find(pixels, "card"));
    hrnet_people plain{};
    expect(hrnet_people_find(finder.get(), &pixels, 1, nullptr, &plain) == HRNET_OK, "people in C");
    expect(people.size() == 5 && same(*people.get(), plain), "people have the bits that C finds");
    expect(std::strcmp(people.name(), "card") == 0, "the name of people");
    hrnet_people_free(&plain);

    std::size_t n = 0;
    for (const hrnet::pose who : people) {
        expect(who.keypoints().size() == 17 && who.status() == HRNET_OK && who.track() == 0, "a pose");
        expect(who.keypoints().data() == people.persons()[n].keypoints, "keypoints are not copied");
        n++;
    }
    expect(n == people.size(), "people are a range");

    const std::vector<hrnet_pixels> twice(2, pixels);
    const std::vector<hrnet::people> both = TAKE(finder.find(twice));
    expect(both.size() == 2 && same(*both[0].get(), *people.get()) && same(*both[1].get(), *people.get()), "two");

    const hrnet_box boxes[] = {people[0].box(), people[1].box()};
    hrnet::people placed = TAKE(hrnet::people::at(boxes, 17));
    TAKE(finder.pose(pixels, placed));
    expect(placed[1].keypoints()[3].x == people[1].keypoints()[3].x, "poses in known boxes");

    hrnet::session session = TAKE(hrnet::session::create(load_model(where)));
    expect(session.input_size()[0] == 64 && session.input_size()[1] == 96, "the size of a session");
    const std::vector<hrnet_keypoint> keypoints = TAKE(session.pose(pixels, boxes));
    expect(keypoints.size() == 34 && keypoints[20].x == people[1].keypoints()[3].x, "poses of a session");
    std::vector<float> input(2 * 3 * 96 * 64, 0.5f), maps(2 * 17 * 24 * 16);
    TAKE(session.forward(input, maps));
    expect(maps[5] == maps[17 * 24 * 16 + 5], "two equal pictures through the network");
    maps.pop_back();
    expect(status_of([&] { return session.forward(input, maps); }) == HRNET_ERR_ARGUMENT, "heatmaps of a wrong size");

    hrnet::image drawn = TAKE(hrnet::image::copy(pixels));
    TAKE(drawn.draw(people, finder.skeleton()));
    expect(std::memcmp(drawn.rgb().data(), photo.rgb().data(), photo.rgb().size()) != 0, "people are drawn");
    people = hrnet::people();
    expect(people.empty() && first.get() == nullptr, "what was moved from is empty");
    expect(status_of([&] { return first.find(pixels); }) == HRNET_ERR_ARGUMENT, "a finder that was moved from");
}

void check_detector(const files &where)
{
    hrnet::detector_session session =
        TAKE(hrnet::detector_session::create(TAKE(hrnet::detector::load(where.detector))));
    const hrnet::image photo = TAKE(hrnet::image::load(where.picture));
    hrnet::detect_options options;
    options.max_detections = 3;
    const hrnet::objects found = TAKE(session.detect(photo.pixels(), options));
    int n = 0;
    for (const hrnet_object &object : found) n += object.score > 0;
    expect(found.size() == 3 && n == 3, "objects are a range");
}

void check_images(const files &where)
{
    std::ifstream file(where.picture, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    const hrnet::image photo = TAKE(hrnet::image::load(where.picture));
    const hrnet::image decoded = TAKE(hrnet::image::decode(bytes, "bytes"));
    expect(decoded.rgb().size() == photo.rgb().size(), "a picture from memory");
    expect(std::memcmp(decoded.rgb().data(), photo.rgb().data(), photo.rgb().size()) == 0, "its pixels");

    std::vector<std::uint8_t> bgr(2 * 20, 7); /* 5 x 2 pixels in rows of 20 bytes */
    const hrnet_pixels view = TAKE(hrnet::view(bgr, 5, 2, HRNET_PIXELS_BGR, 20));
    expect(view.planes[0] == bgr.data() && view.strides[0] == 20, "pixels are not copied");
    expect(status_of([&] { return hrnet::view(bgr, 5, 3, HRNET_PIXELS_BGR, 20); }) == HRNET_ERR_ARGUMENT,
           "a view of more rows than there are");
    bgr.resize(20 + 15); /* the last row ends with its last pixel */
    expect(status_of([&] { return hrnet::view(bgr, 5, 2, HRNET_PIXELS_BGR, 20); }) == HRNET_OK, "a short last row");
}

void check_errors(const files &where)
{
    std::string message;
    expect(status_of([] { return hrnet::model::load("/no/such.pth"); }, &message) == HRNET_ERR_IO, "no such file");
    expect(message.find("/no/such.pth") != std::string::npos, "the message names the file");
    expect(status_of([&] { return hrnet::detector::load(where.picture); }) == HRNET_ERR_FORMAT, "a picture as weights");
    expect(status_of([] { return hrnet::finder::create({}, {}); }) == HRNET_ERR_ARGUMENT, "a finder of nothing");
    hrnet::finder finder;
    expect(status_of([&] { return finder.find(hrnet_pixels{}); }) == HRNET_ERR_ARGUMENT, "an empty finder");
    hrnet::video video;
    expect(status_of([&] { return video.next(); }) == HRNET_ERR_ARGUMENT && video.info().width == 0, "an empty video");
    expect(std::strcmp(hrnet::version(), HRNET_VERSION) == 0, "the version");
}

void check_tracks(const files &where)
{
    hrnet::finder finder = make_finder(where, 3);
    hrnet::tracker_options options;
    options.low = options.high = options.start = -1;
    hrnet::tracker tracker = TAKE(hrnet::tracker::create(options));
    hrnet::smoother smoother = TAKE(hrnet::smoother::create(17));
    const hrnet::image photo = TAKE(hrnet::image::load(where.picture));
    for (int i = 0; i < 3; i++) {
        hrnet::people people = TAKE(finder.find(photo.pixels()));
        TAKE(tracker.update(people, i * 0.04));
        TAKE(smoother.update(people, i * 0.04));
        expect(people[0].track() == 1 || people[1].track() == 1, "the first track goes on");
    }
    const std::vector<hrnet_track_box> boxes = TAKE(tracker.boxes(0.1));
    expect(tracker.n_tracks() == 3 && boxes.size() == 3 && boxes[0].box.w > 0, "where tracks are expected");
    hrnet::people late;
    expect(status_of([&] { return tracker.update(late, 0); }) == HRNET_ERR_ARGUMENT, "a clock that goes backwards");
}

void check_results(const files &where)
{
    const hrnet::model model = load_model(where);
    const hrnet::detector detector = TAKE(hrnet::detector::load(where.detector));
    hrnet::finder finder = TAKE(hrnet::finder::create(detector, model));
    const hrnet::image photo = TAKE(hrnet::image::load(where.picture));
    const hrnet::people people = TAKE(finder.find(photo.pixels(), "card.png"));
    std::string text;
    hrnet::results_writer writer =
        TAKE(hrnet::results_writer::append(text, HRNET_RESULTS_JSON, load_model(where), detector));
    hrnet::results_writer moved = std::move(writer);
    TAKE(moved.write(people));
    TAKE(moved.finish());
    expect(text.find("\"card.png\"") != std::string::npos && text.find("pose_hrnet") != std::string::npos,
           "a document");
    expect(text.find("rtmdet") != std::string::npos && text.back() == '\n', "it names the detector");
    expect(status_of([&] { return moved.write(people); }) == HRNET_ERR_ARGUMENT, "a document that has ended");
}

void check_run(const files &where)
{
    hrnet::finder finder = make_finder(where, 2);
    const std::vector<std::string> paths = {where.picture, "/no/such.jpg", where.picture, where.picture};
    std::size_t n_done = 0, n_persons = 0;
    hrnet::picture_calls calls;
    calls.done = [&](const hrnet_picture &picture) {
        expect(picture.index == n_done, "pictures come in order");
        expect((picture.people.status == HRNET_ERR_IO) == (n_done == 1), "the file that is not there");
        n_persons += static_cast<std::size_t>(picture.people.n_persons);
        n_done++;
        return true;
    };
    TAKE(finder.run(paths, calls));
    expect(n_done == 4 && n_persons == 6, "all pictures are looked at");

    calls.done = [&](const hrnet_picture &picture) { return picture.index < 1; };
    expect(status_of([&] { return finder.run(paths, calls); }) == HRNET_OK, "a run that a function ends early");
    calls.done = nullptr;
    calls.cancelled = [] { return true; };
    expect(status_of([&] { return finder.run(paths, calls); }) == HRNET_ERR_CANCELLED, "a run that is cancelled");
#ifndef HRNET_NO_EXCEPTIONS
    calls.cancelled = nullptr;
    for (int where_thrown = 0; where_thrown < 3; where_thrown++) {
        calls.found = [&](hrnet_picture &) { return where_thrown == 0 ? throw std::string("thrown") : true; };
        calls.draw = [&](hrnet_picture &) {
            if (where_thrown == 1) throw std::string("thrown");
        };
        calls.done = [&](const hrnet_picture &) { return where_thrown == 2 ? throw std::string("thrown") : true; };
        bool caught = false;
        try {
            finder.run(paths, calls);
        } catch (const std::string &text) {
            caught = text == "thrown";
        }
        expect(caught, "an exception of a function reaches the caller of the run");
    }
#endif
}

/* 1: there is no module for videos here. */
int check_video(const files &where)
{
    const char *const source = "lavfi:testsrc2=size=96x80:rate=10:duration=1";
    hrnet::video_options options;
    options.n_valid = 4;
    if (status_of([&] { return hrnet::video::open(source, options); }) == HRNET_ERR_UNSUPPORTED) return 1;
    hrnet::video frames = TAKE(hrnet::video::open(source, options));
    int n = 0;
    for (std::optional<hrnet_frame> frame = TAKE(frames.next()); frame; frame = TAKE(frames.next())) {
        expect(frame->index == n && frame->pixels.width == 96, "a frame");
        n++;
    }
    expect(n == 10 && frames.info().n_read == 10, "frames up to the end");

    hrnet::video video = TAKE(hrnet::video::open(source, options));
    hrnet::finder finder = make_finder(where, 2);
    hrnet::tracker tracker = TAKE(hrnet::tracker::create());
    hrnet::video_find_options how;
    how.tracker = tracker.get();
    hrnet::picture_calls calls;
    std::int64_t n_done = 0;
    calls.done = [&](const hrnet_picture &picture) { return picture.people.frame == ++n_done; };
    TAKE(video.find(finder, calls, how));
    expect(n_done == 10, "people of all frames");

    const std::string path = where.scratch + "/handles.avi";
    hrnet::video again = TAKE(hrnet::video::open(source));
    hrnet::video_writer writer = TAKE(hrnet::video_writer::open(path, again));
    for (std::optional<hrnet_frame> frame = TAKE(again.next()); frame; frame = TAKE(again.next()))
        TAKE(writer.write(frame->pixels, frame->pts));
    TAKE(writer.finish());
    expect(writer.info().n_frames == 10, "a video is written");
    std::remove(path.c_str());
    return 0;
}

} // namespace

int CHECK_HANDLES(const char *tests, const char *scratch)
{
    const std::string root = tests, golden = root + "/golden/hrnet_w8_96x64/";
    const files where = {golden + "config.yaml", golden + "weights.pth",
                         root + "/golden/detect/rtmdet_nano.safetensors", root + "/cli/data/card.png", scratch};
    check_images(where);
    check_errors(where);
    check_people(where);
    check_detector(where);
    check_tracks(where);
    check_results(where);
    check_run(where);
    if (check_video(where))
        std::printf("[  SKIPPED ] hrnet.hpp, videos: FFmpeg's libraries were not there at build time\n");
    return n_failed;
}
