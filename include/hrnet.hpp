/*
 * hrnet.hpp - the library for C++17 and later: handles that free themselves, failures as exceptions, spans. Header
 * only; programs link with libhrnet as those in C do.
 *
 *   hrnet::finder finder = hrnet::finder::create(hrnet::detector::shipped(), hrnet::model::shipped());
 *   const hrnet::image photo = hrnet::image::load("photo.jpg");
 *   const hrnet::people people = finder.find(photo.pixels());
 *   for (const hrnet::pose who : people)
 *       std::printf("%.2f, nose at %.1f,%.1f\n", who.score(), who.keypoints()[0].x, who.keypoints()[0].y);
 *
 * What a call does, its units and its limits are told at the C function of the same name, in <hrnet.h>,
 * <hrnet_results.h>, <hrnet_track.h>, <hrnet_fetch.h> and <hrnet_video.h>. Here stands what is different in C++:
 *   - A call that fails throws hrnet::error, which has the status and the message. Without exceptions (compilers'
 *     -fno-exceptions, or HRNET_NO_EXCEPTIONS defined before this file), it returns a hrnet::result<T> in place of T,
 *     which holds the value or the error, as C++23's std::expected does. outcome<T> below stands for either.
 *   - Objects are made by named functions (load, create, open), so that both manners read alike.
 *   - config, detector, model and pool share what they hold when they are copied. The others can be moved only. What
 *     was made of another object (a finder of its model) keeps that one alive. get() gives the handle of the C
 *     functions; it belongs to the object. An object that was moved from, or made by default, holds nothing, and calls
 *     that need a handle fail with HRNET_ERR_ARGUMENT.
 *   - Options are the C structs, all zero: hrnet::finder_options options; options.threads = 2;
 *   - span<T> is std::span where there is one, else a class that does the same. Arrays whose size is wrong are
 *     HRNET_ERR_ARGUMENT.
 */
#ifndef HRNET_HPP
#define HRNET_HPP

#include <hrnet_fetch.h>
#include <hrnet_results.h>
#include <hrnet_video.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#if !defined(HRNET_NO_EXCEPTIONS) && !defined(__cpp_exceptions)
#define HRNET_NO_EXCEPTIONS
#endif
#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif

/* One name space for each manner, so that files compiled differently can be linked into one program. */
#if defined(HRNET_NO_EXCEPTIONS) && defined(__cpp_lib_span)
#define HRNET_HPP_MANNER results_and_std_span
#elif defined(HRNET_NO_EXCEPTIONS)
#define HRNET_HPP_MANNER results
#elif defined(__cpp_lib_span)
#define HRNET_HPP_MANNER exceptions_and_std_span
#else
#define HRNET_HPP_MANNER exceptions
#endif

namespace hrnet
{
inline namespace HRNET_HPP_MANNER
{

/* ------------------------------------------------------------------------------------------------ errors */

/* What went wrong: what() is the message of hrnet_last_error. */
class error : public std::runtime_error
{
  public:
    error(hrnet_status status, const std::string &message) : std::runtime_error(message), status_(status) {}
    hrnet_status status() const noexcept { return status_; }

  private:
    hrnet_status status_;
};

/* A value, or the error that was there in its place. */
template <class T> class [[nodiscard]] result
{
  public:
    result(T &&value) : held_(std::in_place_index<0>, std::move(value)) {}
    result(hrnet::error &&error) : held_(std::in_place_index<1>, std::move(error)) {}
    bool has_value() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    /* Only if there is a value. */
    T &operator*() &noexcept { return *std::get_if<0>(&held_); }
    const T &operator*() const &noexcept { return *std::get_if<0>(&held_); }
    T &&operator*() &&noexcept { return std::move(*std::get_if<0>(&held_)); }
    T *operator->() noexcept { return std::get_if<0>(&held_); }
    const T *operator->() const noexcept { return std::get_if<0>(&held_); }
    /* Only if there is none. */
    const hrnet::error &error() const noexcept { return *std::get_if<1>(&held_); }

  private:
    std::variant<T, hrnet::error> held_;
};

template <> class [[nodiscard]] result<void>
{
  public:
    result() = default;
    result(hrnet::error &&error) : held_(std::move(error)) {}
    bool has_value() const noexcept { return !held_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    const hrnet::error &error() const noexcept { return *held_; }

  private:
    std::optional<hrnet::error> held_;
};

/* What calls return that can fail. */
#ifdef HRNET_NO_EXCEPTIONS
template <class T> using outcome = result<T>;
#else
template <class T> using outcome = T;
#endif

namespace detail
{

/* The value if status is HRNET_OK, else the error with this thread's message. */
template <class T> outcome<T> give(hrnet_status status, T &&value)
{
#ifdef HRNET_NO_EXCEPTIONS
    if (status != HRNET_OK) return result<T>(error(status, hrnet_last_error()));
    return result<T>(std::move(value));
#else
    if (status != HRNET_OK) throw error(status, hrnet_last_error());
    return std::move(value);
#endif
}

inline outcome<void> check(hrnet_status status)
{
#ifdef HRNET_NO_EXCEPTIONS
    if (status != HRNET_OK) return result<void>(error(status, hrnet_last_error()));
    return result<void>();
#else
    if (status != HRNET_OK) throw error(status, hrnet_last_error());
#endif
}

/* An argument that C++ alone can have wrong. */
template <class T> outcome<T> refuse(const char *message)
{
#ifdef HRNET_NO_EXCEPTIONS
    return result<T>(error(HRNET_ERR_ARGUMENT, message));
#else
    throw error(HRNET_ERR_ARGUMENT, message);
#endif
}

/* Frees a handle before what it was made of. */
template <class T, void (*Free)(T *), class... Kept> struct freer {
    std::tuple<Kept...> kept;
    void operator()(T *handle) const noexcept { Free(handle); }
};

/* The only owner of a handle. */
template <class T, void (*Free)(T *), class... Kept> class owner
{
  public:
    owner() = default;
    T *get() const noexcept { return handle_.get(); }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

  protected:
    explicit owner(T *handle, Kept... kept)
        : handle_(handle, freer<T, Free, Kept...>{std::tuple<Kept...>(std::move(kept)...)})
    {
    }
    const std::tuple<Kept...> &kept() const noexcept { return handle_.get_deleter().kept; }

  private:
    std::unique_ptr<T, freer<T, Free, Kept...>> handle_;
};

/* One of several owners of a handle. */
template <class T, void (*Free)(T *)> class sharer
{
  public:
    sharer() = default;
    T *get() const noexcept { return handle_.get(); }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

  protected:
    explicit sharer(T *handle) : handle_(handle, Free) {}

  private:
    std::shared_ptr<T> handle_;
};

/* A struct of the library's that owns memory. */
template <class T, void (*Free)(T *)> class holder
{
  public:
    holder() = default;
    explicit holder(const T &taken) noexcept : value_(taken) {}
    holder(holder &&other) noexcept : value_(std::exchange(other.value_, T{})) {}
    holder &operator=(holder &&other) noexcept
    {
        std::swap(value_, other.value_);
        return *this;
    }
    ~holder() { Free(&value_); }
    /* The struct for the C functions; it stays the object's. */
    T *get() noexcept { return &value_; }
    const T *get() const noexcept { return &value_; }

  protected:
    T value_{};
};

} // namespace detail

/* "MAJOR.MINOR.PATCH" of the library that is linked; HRNET_VERSION is that of the header. */
inline const char *version() noexcept
{
    return hrnet_version();
}

/* ------------------------------------------------------------------------------------------------ spans, options */

#if defined(__cpp_lib_span)
template <class T> using span = std::span<T>;
#else
/* Elements one behind the other that belong to somebody else. */
template <class T> class span
{
  public:
    using value_type = std::remove_cv_t<T>;
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    /* Of an array, a vector, a string, another span. */
    template <
        class C, class E = std::remove_pointer_t<decltype(std::data(std::declval<C &>()))>,
        class = std::enable_if_t<std::is_convertible_v<E (*)[], T (*)[]> && !std::is_same_v<std::decay_t<C>, span> &&
                                 (std::is_lvalue_reference_v<C> || std::is_const_v<T>)>>
    constexpr span(C &&elements) noexcept : data_(std::data(elements)), size_(std::size(elements))
    {
    }
    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T &operator[](std::size_t index) const noexcept { return data_[index]; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }

  private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};
#endif

/* A struct of options that begins as all zero, the defaults. */
template <class T> struct zeroed : T {
    zeroed() noexcept : T() {}
};

using model_options = zeroed<hrnet_model_options>;
using detector_options = zeroed<hrnet_detector_options>;
using session_options = zeroed<hrnet_session_options>;
using pose_options = zeroed<hrnet_pose_options>;
using detector_session_options = zeroed<hrnet_detector_session_options>;
using detect_options = zeroed<hrnet_detect_options>;
using fetch_options = zeroed<hrnet_fetch_options>;
using finder_options = zeroed<hrnet_finder_options>;
using draw_options = zeroed<hrnet_draw_options>;
using results_options = zeroed<hrnet_results_options>;
using tracker_options = zeroed<hrnet_tracker_options>;
using smoother_options = zeroed<hrnet_smoother_options>;
using video_options = zeroed<hrnet_video_options>;
using video_writer_options = zeroed<hrnet_video_writer_options>;
using video_find_options = zeroed<hrnet_video_find_options>;
using pictures_options = zeroed<hrnet_pictures_options>;

/* ------------------------------------------------------------------------------------------------ people */

/* A person of a hrnet::people, valid as long as that is. */
class pose
{
  public:
    pose(const hrnet_pose &raw, int n_keypoints) noexcept : raw_(&raw), n_keypoints_(n_keypoints) {}
    const hrnet_box &box() const noexcept { return raw_->box; }
    float box_score() const noexcept { return raw_->box_score; }
    float score() const noexcept { return raw_->score; }
    /* From 1; 0: none. */
    std::uint32_t track() const noexcept { return raw_->track; }
    /* Empty of boxes alone. */
    span<const hrnet_keypoint> keypoints() const noexcept
    {
        return {raw_->keypoints, raw_->keypoints == nullptr ? 0 : static_cast<std::size_t>(n_keypoints_)};
    }
    /* Not HRNET_OK: the person could not be looked at, for the reason that message gives. */
    hrnet_status status() const noexcept { return raw_->status; }
    const char *message() const noexcept { return raw_->message == nullptr ? "" : raw_->message; }
    const hrnet_pose &raw() const noexcept { return *raw_; }

  private:
    const hrnet_pose *raw_;
    int n_keypoints_;
};

/* Everybody in one picture: a range of poses. */
class people : public detail::holder<hrnet_people, hrnet_people_free>
{
  public:
    using holder::holder;

    class iterator
    {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = pose;
        using difference_type = std::ptrdiff_t;
        using pointer = const pose *;
        using reference = pose;
        iterator(const hrnet_people &all, int index) noexcept : all_(&all), index_(index) {}
        pose operator*() const noexcept { return pose(all_->persons[index_], all_->n_keypoints); }
        iterator &operator++() noexcept
        {
            index_++;
            return *this;
        }
        iterator operator++(int) noexcept { return iterator(*all_, index_++); }
        bool operator==(const iterator &other) const noexcept { return index_ == other.index_; }
        bool operator!=(const iterator &other) const noexcept { return index_ != other.index_; }

      private:
        const hrnet_people *all_;
        int index_;
    };

    /* Persons at these boxes, to be looked at by finder::pose. */
    static outcome<people> at(span<const hrnet_box> boxes, int n_keypoints, const std::string &name = "picture")
    {
        people made;
        if (boxes.size() > INT32_MAX) return detail::refuse<people>("people::at: too many boxes");
        const int n = static_cast<int>(boxes.size());
        const hrnet_status status = hrnet_people_create(made.get(), name.c_str(), n, n_keypoints);
        for (int i = 0; status == HRNET_OK && i < n; i++)
            made.value_.persons[i].box = boxes[static_cast<std::size_t>(i)];
        return detail::give(status, std::move(made));
    }
    std::size_t size() const noexcept { return static_cast<std::size_t>(value_.n_persons); }
    bool empty() const noexcept { return value_.n_persons == 0; }
    pose operator[](std::size_t index) const noexcept { return pose(value_.persons[index], value_.n_keypoints); }
    iterator begin() const noexcept { return iterator(value_, 0); }
    iterator end() const noexcept { return iterator(value_, value_.n_persons); }
    /* [size()]; what stands in them may be changed. */
    span<hrnet_pose> persons() noexcept { return {value_.persons, size()}; }
    const char *name() const noexcept { return value_.name == nullptr ? "" : value_.name; }
    /* Not HRNET_OK: the picture could not be looked at, for the reason that message gives. */
    hrnet_status status() const noexcept { return value_.status; }
    const char *message() const noexcept { return value_.message == nullptr ? "" : value_.message; }
};

/* ------------------------------------------------------------------------------------------------ images */

/* Pixels of yours as a view; packed formats alone, and bytes must have room for all rows. stride 0: no gaps. */
inline outcome<hrnet_pixels> view(span<const std::uint8_t> bytes, int width, int height,
                                  hrnet_pixel_format format = HRNET_PIXELS_RGB, std::size_t stride = 0)
{
    static constexpr std::size_t pixel_bytes[] = {3, 3, 4, 4, 1};
    hrnet_pixels pixels{};
    if (width < 1 || height < 1 || format < HRNET_PIXELS_RGB || format > HRNET_PIXELS_GREY)
        return detail::refuse<hrnet_pixels>("view: expected a size from 1 and RGB, BGR, RGBA, BGRA or GREY");
    const std::size_t row = static_cast<std::size_t>(width) * pixel_bytes[format];
    if (stride == 0) stride = row;
    if (stride < row || bytes.size() < row || (bytes.size() - row) / stride < static_cast<std::size_t>(height) - 1)
        return detail::refuse<hrnet_pixels>("view: the bytes do not hold all rows");
    pixels.width = width;
    pixels.height = height;
    pixels.format = format;
    pixels.planes[0] = bytes.data();
    pixels.strides[0] = static_cast<std::ptrdiff_t>(stride);
    return detail::give(HRNET_OK, std::move(pixels));
}

/* A picture, 8-bit RGB. */
class image : public detail::holder<hrnet_image, hrnet_image_free>
{
  public:
    using holder::holder;

    static outcome<image> load(const std::string &path, unsigned flags = 0)
    {
        image made;
        const hrnet_status status = hrnet_image_load(made.get(), path.c_str(), flags);
        return detail::give(status, std::move(made));
    }
    /* The bytes of a file; name is used in messages. */
    static outcome<image> decode(span<const std::uint8_t> bytes, const std::string &name, unsigned flags = 0)
    {
        image made;
        const hrnet_status status = hrnet_image_decode(made.get(), bytes.data(), bytes.size(), name.c_str(), flags);
        return detail::give(status, std::move(made));
    }
    static outcome<image> copy(const hrnet_pixels &pixels)
    {
        image made;
        const hrnet_status status = hrnet_image_copy(made.get(), &pixels);
        return detail::give(status, std::move(made));
    }
    outcome<void> save(const std::string &path) const { return detail::check(hrnet_image_save(&value_, path.c_str())); }
    int width() const noexcept { return value_.width; }
    int height() const noexcept { return value_.height; }
    /* [height][width][3]. */
    span<std::uint8_t> rgb() noexcept { return {value_.rgb, n_bytes()}; }
    span<const std::uint8_t> rgb() const noexcept { return {value_.rgb, n_bytes()}; }
    /* A view of it, valid as long as the image. */
    hrnet_pixels pixels() const &noexcept { return hrnet_image_pixels(&value_); }
    hrnet_pixels pixels() && = delete;
    /* skeleton NULL for boxes alone. */
    outcome<void> draw(const people &all, const hrnet_skeleton *skeleton, const hrnet_draw_options &options = {})
    {
        return detail::check(hrnet_draw_people(&value_, skeleton, all.get(), &options));
    }

  private:
    std::size_t n_bytes() const noexcept
    {
        return static_cast<std::size_t>(value_.width) * static_cast<std::size_t>(value_.height) * 3;
    }
};

/* ------------------------------------------------------------------------------------------------ models */

/* The path of published weights in the cache, fetched if need be: model::load(fetch("hrnet-w32-256x192")). */
inline outcome<std::string> fetch(const std::string &name, const fetch_options &options = {})
{
    char *path = nullptr;
    const hrnet_status status = hrnet_fetch(&path, name.c_str(), &options);
    const std::unique_ptr<char, detail::freer<char, hrnet_string_free>> owned(path);
    return detail::give(status, std::string(path == nullptr ? "" : path));
}

class config : public detail::sharer<hrnet_config, hrnet_config_free>
{
  public:
    config() = default;
    /* A file, or the name of a published experiment. overrides: "KEY", "VALUE", ... */
    static outcome<config> load(const std::string &name, const std::vector<std::string> &overrides = {})
    {
        std::vector<const char *> words;
        for (const std::string &word : overrides) words.push_back(word.c_str());
        words.push_back(nullptr);
        hrnet_config *handle = nullptr;
        const hrnet_status status = hrnet_config_load(&handle, name.c_str(), words.data(), nullptr, nullptr);
        return detail::give(status, config(handle));
    }
    /* The value of a key as YAML text. */
    outcome<std::string> value(const std::string &key) const
    {
        char *text = nullptr;
        const hrnet_status status = hrnet_config_get(get(), key.c_str(), &text);
        const std::unique_ptr<char, detail::freer<char, hrnet_string_free>> owned(text);
        return detail::give(status, std::string(text == nullptr ? "" : text));
    }

  private:
    explicit config(hrnet_config *handle) : sharer(handle) {}
};

/* A network with its weights. */
class model : public detail::sharer<hrnet_model, hrnet_model_free>
{
  public:
    model() = default;
    static outcome<model> load(const std::string &path, const hrnet_model_options &options = {})
    {
        return load_file(path.c_str(), options);
    }
    /* The model that ships; with options.config a network with initial weights. */
    static outcome<model> shipped(const hrnet_model_options &options = {}) { return load_file(nullptr, options); }
    hrnet_model_info info() const noexcept { return *this ? hrnet_model_get_info(get()) : hrnet_model_info{}; }
    /* NULL for a detector; valid as long as a copy of this model. */
    const hrnet_skeleton *skeleton() const noexcept { return *this ? hrnet_model_skeleton(get()) : nullptr; }

  private:
    explicit model(hrnet_model *handle) : sharer(handle) {}
    static outcome<model> load_file(const char *path, const hrnet_model_options &options)
    {
        hrnet_model *handle = nullptr;
        const hrnet_status status = hrnet_model_load(&handle, path, &options);
        return detail::give(status, model(handle));
    }
};

class detector : public detail::sharer<hrnet_detector, hrnet_detector_free>
{
  public:
    detector() = default;
    static outcome<detector> load(const std::string &path, const hrnet_detector_options &options = {})
    {
        return load_file(path.c_str(), options);
    }
    static outcome<detector> shipped(const hrnet_detector_options &options = {}) { return load_file(nullptr, options); }
    hrnet_detector_info info() const noexcept { return *this ? hrnet_detector_get_info(get()) : hrnet_detector_info{}; }

  private:
    explicit detector(hrnet_detector *handle) : sharer(handle) {}
    static outcome<detector> load_file(const char *path, const hrnet_detector_options &options)
    {
        hrnet_detector *handle = nullptr;
        const hrnet_status status = hrnet_detector_load(&handle, path, &options);
        return detail::give(status, detector(handle));
    }
};

/* Threads for several sessions and finders: options.pool = pool.get(). */
class pool : public detail::sharer<hrnet_pool, hrnet_pool_free>
{
  public:
    pool() = default;
    static outcome<pool> create(int threads = 0)
    {
        hrnet_pool *handle = nullptr;
        const hrnet_status status = hrnet_pool_create(&handle, threads);
        return detail::give(status, pool(handle));
    }

  private:
    explicit pool(hrnet_pool *handle) : sharer(handle) {}
};

/* ------------------------------------------------------------------------------------------------ sessions */

/* What runs a model; for one thread at a time. */
class session : public detail::owner<hrnet_session, hrnet_session_free, model>
{
  public:
    session() = default;
    static outcome<session> create(const model &network, const hrnet_session_options &options = {})
    {
        hrnet_session *handle = nullptr;
        const hrnet_status status = hrnet_session_create(&handle, network.get(), &options);
        return detail::give(status, session(handle, network));
    }
    /* {width, height}. */
    std::array<int, 2> input_size() const noexcept
    {
        std::array<int, 2> size{};
        if (*this) hrnet_session_size(get(), size.data(), nullptr);
        return size;
    }
    std::array<int, 2> heatmap_size() const noexcept
    {
        std::array<int, 2> size{};
        if (*this) hrnet_session_size(get(), nullptr, size.data());
        return size;
    }
    outcome<void> reshape(int width, int height) { return detail::check(hrnet_session_reshape(get(), width, height)); }
    /* The bare network: n pictures [n][3][height][width] to heatmaps [n][n_joints][height][width]. */
    outcome<void> forward(span<const float> input, span<float> heatmaps)
    {
        const std::array<int, 2> in = input_size(), out = heatmap_size();
        const std::size_t picture = 3 * cells(in), maps = cells(out) * n_joints();
        const std::size_t n = picture == 0 ? 0 : input.size() / picture;
        if (n == 0 || n > INT32_MAX || input.size() != n * picture || heatmaps.size() != n * maps)
            return detail::refuse<void>("session::forward: the arrays are not those of a whole number of pictures");
        return detail::check(hrnet_session_forward(get(), input.data(), static_cast<int>(n), heatmaps.data()));
    }
    /* The keypoints [boxes][n_joints] of persons in one picture; a box {0} is the whole picture. */
    outcome<std::vector<hrnet_keypoint>> pose(const hrnet_pixels &pixels, span<const hrnet_box> boxes,
                                              const hrnet_pose_options &options = {})
    {
        std::vector<hrnet_person> persons(boxes.size(), hrnet_person{});
        for (std::size_t i = 0; i < boxes.size(); i++) {
            persons[i].pixels = pixels;
            persons[i].box = boxes[i];
        }
        std::vector<hrnet_keypoint> keypoints(boxes.size() * n_joints());
        if (boxes.size() > INT32_MAX)
            return detail::refuse<std::vector<hrnet_keypoint>>("session::pose: too many boxes");
        const hrnet_status status = hrnet_session_pose(get(), persons.data(), static_cast<int>(boxes.size()), &options,
                                                       keypoints.data(), nullptr);
        return detail::give(status, std::move(keypoints));
    }

  private:
    explicit session(hrnet_session *handle, const model &network) : owner(handle, network) {}
    static std::size_t cells(const std::array<int, 2> &size) noexcept
    {
        return static_cast<std::size_t>(size[0]) * static_cast<std::size_t>(size[1]);
    }
    std::size_t n_joints() const noexcept
    {
        const model &network = std::get<0>(kept());
        return network ? static_cast<std::size_t>(network.info().n_joints) : 0;
    }
};

/* What a detector found in one picture, best first. */
class objects : public detail::holder<hrnet_objects, hrnet_objects_free>
{
  public:
    using holder::holder;
    std::size_t size() const noexcept { return static_cast<std::size_t>(value_.n); }
    const hrnet_object &operator[](std::size_t index) const noexcept { return value_.objects[index]; }
    const hrnet_object *begin() const noexcept { return value_.objects; }
    const hrnet_object *end() const noexcept { return value_.objects + value_.n; }
};

/* What runs a detector; for one thread at a time. */
class detector_session : public detail::owner<hrnet_detector_session, hrnet_detector_session_free, detector>
{
  public:
    detector_session() = default;
    static outcome<detector_session> create(const detector &network, const hrnet_detector_session_options &options = {})
    {
        hrnet_detector_session *handle = nullptr;
        const hrnet_status status = hrnet_detector_session_create(&handle, network.get(), &options);
        return detail::give(status, detector_session(handle, network));
    }
    outcome<objects> detect(const hrnet_pixels &pixels, const hrnet_detect_options &options = {})
    {
        objects found;
        const hrnet_status status = hrnet_detector_session_detect(get(), &pixels, 1, &options, found.get());
        return detail::give(status, std::move(found));
    }

  private:
    explicit detector_session(hrnet_detector_session *handle, const detector &network) : owner(handle, network) {}
};

/* ------------------------------------------------------------------------------------------------ finding people */

/* What is called on the way of pictures, or of a video's frames, through a finder; any may be empty. They are told of
 * at hrnet_pictures_options: draw is called by several threads at once, write by a thread of its own, the others by the
 * caller's. false ends the run early, without a failure; an exception ends it and is thrown to the caller. cancelled
 * returns true to end the run with HRNET_ERR_CANCELLED. */
struct picture_calls {
    std::function<bool(hrnet_picture &)> aim;
    std::function<bool(hrnet_picture &)> found; /* not of a video */
    std::function<void(hrnet_picture &)> draw;
    std::function<bool(hrnet_picture &)> write;
    std::function<bool(const hrnet_picture &)> done;
    std::function<bool()> cancelled;
};

namespace detail
{

/* Functions of C++ behind those of hrnet_pictures_options and hrnet_video_find_options. The first exception is kept
 * until the run has ended; it, and a function that returns false, end the run. */
class run_calls
{
  public:
    explicit run_calls(const picture_calls &calls) : calls_(calls) {}
    template <class Options> void connect(Options &options) noexcept
    {
        options.context = this;
        options.aim = calls_.aim ? on_aim : nullptr;
        options.write = calls_.write ? on_write : nullptr;
        options.draw = calls_.draw ? on_draw : nullptr;
        options.done = calls_.done ? on_done : nullptr;
        options.cancelled = on_cancelled;
        if constexpr (std::is_same_v<Options, hrnet_pictures_options>)
            options.found = calls_.found ? on_found : nullptr;
    }
    /* What became of the run. */
    outcome<void> finish(hrnet_status status)
    {
#ifndef HRNET_NO_EXCEPTIONS
        if (thrown_) std::rethrow_exception(thrown_);
#endif
        return check(stopped_ && status == HRNET_ERR_CANCELLED ? HRNET_OK : status);
    }

  private:
    template <class F> hrnet_status guard(F &&call) noexcept
    {
        bool goes_on = false;
#ifdef HRNET_NO_EXCEPTIONS
        goes_on = call();
#else
        try {
            goes_on = call();
        } catch (...) {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (!thrown_) thrown_ = std::current_exception();
        }
#endif
        if (!goes_on) stopped_ = true;
        return goes_on ? HRNET_OK : HRNET_ERR_CANCELLED;
    }
    static run_calls *of(void *context) noexcept
    {
        return static_cast<run_calls *>(context);
    }
    static hrnet_status on_aim(void *context, hrnet_picture *picture)
    {
        return of(context)->guard([&] { return of(context)->calls_.aim(*picture); });
    }
    static hrnet_status on_found(void *context, hrnet_picture *picture)
    {
        return of(context)->guard([&] { return of(context)->calls_.found(*picture); });
    }
    static hrnet_status on_write(void *context, hrnet_picture *picture)
    {
        return of(context)->guard([&] { return of(context)->calls_.write(*picture); });
    }
    static hrnet_status on_draw(void *context, hrnet_picture *picture)
    {
        return of(context)->guard([&] { return of(context)->calls_.draw(*picture), true; });
    }
    static hrnet_status on_done(void *context, const hrnet_picture *picture)
    {
        return of(context)->guard([&] { return of(context)->calls_.done(*picture); });
    }
    static int on_cancelled(void *context)
    {
        run_calls *const calls = of(context);
        if (calls->stopped_) return 1;
        bool asked = false;
        if (calls->calls_.cancelled) calls->guard([&] { return asked = calls->calls_.cancelled(), true; });
        return asked || calls->stopped_;
    }

    const picture_calls &calls_;
    std::mutex mutex_;
    std::atomic<bool> stopped_{false};
#ifndef HRNET_NO_EXCEPTIONS
    std::exception_ptr thrown_;
#endif
};

} // namespace detail

/* From pictures to people; for one thread at a time. */
class finder : public detail::owner<hrnet_finder, hrnet_finder_free, detector, model>
{
  public:
    finder() = default;
    /* An empty model: find finds boxes alone. An empty detector: pose alone can be called. */
    static outcome<finder> create(const detector &boxes, const model &poses, const hrnet_finder_options &options = {})
    {
        hrnet_finder *handle = nullptr;
        const hrnet_status status = hrnet_finder_create(&handle, boxes.get(), poses.get(), &options);
        return detail::give(status, finder(handle, boxes, poses));
    }
    outcome<people> find(const hrnet_pixels &picture, const std::string &name = "picture")
    {
        people found;
        const char *const names[] = {name.c_str()};
        const hrnet_status status = hrnet_people_find(get(), &picture, 1, names, found.get());
        return detail::give(status, std::move(found));
    }
    /* Several pictures, which are looked at together. */
    outcome<std::vector<people>> find(span<const hrnet_pixels> pictures)
    {
        std::vector<people> found(pictures.size());
        std::vector<hrnet_people> raw(pictures.size(), hrnet_people{});
        if (pictures.size() > INT32_MAX) return detail::refuse<std::vector<people>>("finder::find: too many pictures");
        const hrnet_status status =
            hrnet_people_find(get(), pictures.data(), static_cast<int>(pictures.size()), nullptr, raw.data());
        for (std::size_t i = 0; status == HRNET_OK && i < raw.size(); i++) found[i] = people(raw[i]);
        return detail::give(status, std::move(found));
    }
    /* The poses of people whose boxes are known (people::at). */
    outcome<void> pose(const hrnet_pixels &picture, people &persons)
    {
        return detail::check(hrnet_people_pose(get(), &picture, 1, persons.get()));
    }
    /* Many files: read ahead, looked at, drawn behind; calls.done gets them in order. options' own functions and paths
     * are replaced. */
    outcome<void> run(const std::vector<std::string> &paths, const picture_calls &calls,
                      const hrnet_pictures_options &options = {})
    {
        std::vector<const char *> names;
        for (const std::string &path : paths) names.push_back(path.c_str());
        hrnet_pictures_options all = options;
        all.n = names.size();
        all.paths = names.data();
        all.load = nullptr;
        detail::run_calls run(calls);
        run.connect(all);
        return run.finish(hrnet_pictures_run(get(), &all));
    }
    /* Of the model, or NULL. */
    const hrnet_skeleton *skeleton() const noexcept
    {
        const model &network = std::get<1>(kept());
        return network ? network.skeleton() : nullptr;
    }

  private:
    explicit finder(hrnet_finder *handle, const detector &boxes, const model &poses) : owner(handle, boxes, poses) {}
};

/* ------------------------------------------------------------------------------------------------ tracks */

class tracker : public detail::owner<hrnet_tracker, hrnet_tracker_free>
{
  public:
    tracker() = default;
    static outcome<tracker> create(const hrnet_tracker_options &options = {})
    {
        hrnet_tracker *handle = nullptr;
        const hrnet_status status = hrnet_tracker_create(&handle, &options);
        return detail::give(status, tracker(handle));
    }
    outcome<void> update(people &all, double seconds)
    {
        return detail::check(hrnet_tracker_update(get(), all.get(), seconds));
    }
    /* Where the persons of tracks are expected; without those of `found`, if there is one. */
    outcome<std::vector<hrnet_track_box>> boxes(double seconds, const people *found = nullptr) const
    {
        int n = 0;
        std::vector<hrnet_track_box> all;
        const hrnet_people *const seen = found == nullptr ? nullptr : found->get();
        hrnet_status status = hrnet_tracker_boxes(get(), seconds, seen, nullptr, 0, &n);
        if (status == HRNET_OK) all.resize(static_cast<std::size_t>(n));
        if (n > 0) status = hrnet_tracker_boxes(get(), seconds, seen, all.data(), n, &n);
        return detail::give(status, std::move(all));
    }
    std::uint32_t n_tracks() const noexcept { return *this ? hrnet_tracker_n_tracks(get()) : 0; }
    void reset() noexcept
    {
        if (*this) hrnet_tracker_reset(get());
    }

  private:
    explicit tracker(hrnet_tracker *handle) : owner(handle) {}
};

class smoother : public detail::owner<hrnet_smoother, hrnet_smoother_free>
{
  public:
    smoother() = default;
    static outcome<smoother> create(int n_keypoints, const hrnet_smoother_options &options = {})
    {
        hrnet_smoother *handle = nullptr;
        const hrnet_status status = hrnet_smoother_create(&handle, n_keypoints, &options);
        return detail::give(status, smoother(handle));
    }
    outcome<void> update(people &all, double seconds)
    {
        return detail::check(hrnet_smoother_update(get(), all.get(), seconds));
    }
    void reset() noexcept
    {
        if (*this) hrnet_smoother_reset(get());
    }

  private:
    explicit smoother(hrnet_smoother *handle) : owner(handle) {}
};

/* ------------------------------------------------------------------------------------------------ videos */

/* A video that is read. */
class video : public detail::owner<hrnet_video, hrnet_video_free>
{
  public:
    video() = default;
    static outcome<video> open(const std::string &path, const hrnet_video_options &options = {})
    {
        hrnet_video *handle = nullptr;
        const hrnet_status status = hrnet_video_open(&handle, path.c_str(), &options);
        return detail::give(status, video(handle));
    }
    hrnet_video_info info() const noexcept { return *this ? hrnet_video_get_info(get()) : hrnet_video_info{}; }
    /* The next frame, whose pixels are valid until the next call; nothing at the end. */
    outcome<std::optional<hrnet_frame>> next()
    {
        std::optional<hrnet_frame> frame(std::in_place);
        const hrnet_status status = hrnet_video_next(get(), &*frame);
        if (status == HRNET_OK && frame->pixels.width == 0) frame.reset();
        return detail::give(status, std::move(frame));
    }
    /* The people of all frames; who is who if options.tracker is set (tracks.get()), steadied if options.smoother is.
     * Open the video with n_valid 16, so that reading, finding and drawing run side by side. options' own functions are
     * replaced. */
    outcome<void> find(finder &with, const picture_calls &calls, const hrnet_video_find_options &options = {})
    {
        hrnet_video_find_options all = options;
        detail::run_calls run(calls);
        run.connect(all);
        return run.finish(hrnet_video_find(get(), with.get(), &all));
    }

  private:
    explicit video(hrnet_video *handle) : owner(handle) {}
};

/* A video that is written; without finish nothing is left of it. */
class video_writer : public detail::owner<hrnet_video_writer, hrnet_video_writer_free>
{
  public:
    video_writer() = default;
    static outcome<video_writer> open(const std::string &path, const hrnet_video_writer_options &options)
    {
        hrnet_video_writer *handle = nullptr;
        const hrnet_status status = hrnet_video_writer_open(&handle, path.c_str(), &options);
        return detail::give(status, video_writer(handle));
    }
    /* Size, rate and audio are those of the source. */
    static outcome<video_writer> open(const std::string &path, const video &source)
    {
        video_writer_options options;
        options.source = source.get();
        return open(path, options);
    }
    outcome<void> write(const hrnet_pixels &pixels, std::int64_t pts)
    {
        return detail::check(hrnet_video_writer_write(get(), &pixels, pts));
    }
    hrnet_video_writer_info info() const noexcept
    {
        return *this ? hrnet_video_writer_get_info(get()) : hrnet_video_writer_info{};
    }
    outcome<void> finish() { return detail::check(hrnet_video_writer_finish(get())); }

  private:
    explicit video_writer(hrnet_video_writer *handle) : owner(handle) {}
};

/* ------------------------------------------------------------------------------------------------ results */

namespace detail
{

/* What the options of a writer point to. */
struct results_sources {
    model network;
    detector boxes;
    hrnet_model_info network_info;
    hrnet_detector_info boxes_info;
};

} // namespace detail

/* A document in one of the formats of hrnet_results_format; without finish nothing is left of it. */
class results_writer
    : public detail::owner<hrnet_results_writer, hrnet_results_free, std::unique_ptr<detail::results_sources>>
{
  public:
    results_writer() = default;
    /* What found the people: the model (empty: boxes alone) and the detector (empty: it is not named). Fields of
     * options that they fill are taken from options where these are set. */
    static outcome<results_writer> open(const std::string &path, const hrnet_results_options &options,
                                        const model &network, const detector &boxes = {})
    {
        auto sources = std::make_unique<detail::results_sources>();
        sources->network = network;
        sources->boxes = boxes;
        hrnet_results_options all = options;
        if (network) {
            sources->network_info = network.info();
            if (all.network == nullptr) all.network = &sources->network_info;
            if (all.skeleton == nullptr) all.skeleton = network.skeleton();
        } else {
            all.boxes = 1;
        }
        if (boxes) {
            sources->boxes_info = boxes.info();
            if (all.detector == nullptr) all.detector = &sources->boxes_info;
        }
        hrnet_results_writer *handle = nullptr;
        const hrnet_status status = hrnet_results_open(&handle, path.c_str(), &all);
        return detail::give(status, results_writer(handle, std::move(sources)));
    }
    static outcome<results_writer> open(const std::string &path, hrnet_results_format format, const model &network,
                                        const detector &boxes = {})
    {
        results_options options;
        options.format = format;
        return open(path, options, network, boxes);
    }
    /* The document grows behind text, which must be there as long as the writer. */
    static outcome<results_writer> append(std::string &text, hrnet_results_format format, const model &network,
                                          const detector &boxes = {})
    {
        results_options options;
        options.format = format;
        options.write = append_bytes;
        options.context = &text;
        return open("text", options, network, boxes);
    }
    outcome<void> write(const people &all) { return write(*all.get()); }
    /* Those of a hrnet_picture. */
    outcome<void> write(const hrnet_people &all) { return detail::check(hrnet_results_write(get(), &all)); }
    outcome<void> finish() { return detail::check(hrnet_results_finish(get())); }

  private:
    explicit results_writer(hrnet_results_writer *handle, std::unique_ptr<detail::results_sources> sources)
        : owner(handle, std::move(sources))
    {
    }
    static int append_bytes(void *context, const void *bytes, std::size_t n) noexcept
    {
#ifdef HRNET_NO_EXCEPTIONS
        static_cast<std::string *>(context)->append(static_cast<const char *>(bytes), n);
#else
        try {
            static_cast<std::string *>(context)->append(static_cast<const char *>(bytes), n);
        } catch (...) {
            return 1;
        }
#endif
        return 0;
    }
};

} // namespace HRNET_HPP_MANNER
} // namespace hrnet

#undef HRNET_HPP_MANNER
#endif
