/* people.cpp - people PICTURE [DRAWING [DETECTOR [WEIGHTS]]]: everybody in a picture, in C++: a line a person, and a
 * drawing. */
#include <cstdio>

#include <hrnet.hpp>

int main(int argc, char **argv)
try {
    const hrnet::detector detector = argc > 3 ? hrnet::detector::load(argv[3]) : hrnet::detector::shipped();
    const hrnet::model model = argc > 4 ? hrnet::model::load(argv[4]) : hrnet::model::shipped();
    hrnet::finder finder = hrnet::finder::create(detector, model);

    hrnet::image photo = hrnet::image::load(argc > 1 ? argv[1] : "photo.jpg");
    const hrnet::people people = finder.find(photo.pixels());
    for (const hrnet::pose who : people) {
        const hrnet_keypoint nose = who.keypoints()[0];
        std::printf("%.2f  box %.0f,%.0f %.0fx%.0f  nose %.1f,%.1f\n", who.score(), who.box().x, who.box().y,
                    who.box().w, who.box().h, nose.x, nose.y);
    }
    if (argc > 2) {
        photo.draw(people, model.skeleton());
        photo.save(argv[2]);
    }
    return 0;
} catch (const hrnet::error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
