/* SPDX-License-Identifier: MIT */
/* fs/base/loop.h: the event loop. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/loop.h"
#include "tests/unit/support/fake_clock.h"

#define PIPES 100
#define TIMERS 700
#define ROUNDS 4000

static int set_up(void **state)
{
	struct cfs_loop *loop;

	if (cfs_loop_create(&loop) < 0)
		return -1;
	*state = loop;
	fake_clock.stands = true;
	fake_clock.stands_at_ms = 1000000;
	return 0;
}

static int tear_down(void **state)
{
	cfs_loop_destroy(*state);
	return 0;
}

/* The names of the callbacks that were called, in order. */
static struct {
	int who[64];
	size_t n;
} story;

struct one {
	struct cfs_loop *loop;
	struct cfs_timer timer;
	struct cfs_watch watch;
	int name;
	int fd[2];
	int64_t again_ms; /* -1: not started again */
	unsigned called;
	struct one *stops;  /* whose timer and watch are stopped */
	struct one *starts; /* whose timer is started, at once */
	bool ends;          /* the run */
	bool drains;
	bool dies; /* with its memory */
};

static void act(struct one *one)
{
	char byte;

	one->called++;
	if (story.n < sizeof(story.who) / sizeof(story.who[0]))
		story.who[story.n++] = one->name;
	if (one->drains)
		assert_int_equal(read(one->fd[0], &byte, 1), 1);
	if (one->stops) {
		cfs_timer_stop(&one->stops->timer);
		cfs_watch_stop(&one->stops->watch);
	}
	if (one->starts)
		cfs_timer_start(one->loop, &one->starts->timer, 0);
	if (one->ends)
		cfs_loop_stop(one->loop);
}

static void fired(void *arg)
{
	struct one *one = arg;

	assert_null(one->timer.loop);
	act(one);
	if (one->again_ms >= 0)
		cfs_timer_start(one->loop, &one->timer, one->again_ms);
	if (one->dies)
		free(one);
}

static void readable(void *arg)
{
	struct one *one = arg;

	act(one);
	if (one->dies) {
		cfs_watch_stop(&one->watch);
		close(one->fd[0]);
		close(one->fd[1]);
		free(one);
	}
}

static void init(struct one *one, struct cfs_loop *loop, int name)
{
	*one = (struct one){.loop = loop, .name = name, .fd = {-1, -1}, .again_ms = -1};
	cfs_timer_init(&one->timer, fired, one);
}

static void watch_pipe(struct one *one, struct cfs_loop *loop, int name)
{
	init(one, loop, name);
	assert_int_equal(pipe2(one->fd, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(cfs_watch_start(loop, &one->watch, one->fd[0], readable, one), 0);
}

static void close_pipe(struct one *one)
{
	cfs_watch_stop(&one->watch);
	close(one->fd[0]);
	close(one->fd[1]);
}

static void feed(struct one *one)
{
	assert_int_equal(write(one->fd[1], "x", 1), 1);
}

static void run(struct cfs_loop *loop)
{
	story.n = 0;
	assert_int_equal(cfs_loop_run(loop), 0);
}

static void assert_story(const char *names)
{
	assert_int_equal(story.n, strlen(names));
	for (size_t i = 0; i < story.n; i++)
		assert_int_equal(story.who[i], names[i]);
}

static void timers_fire_in_order_and_equal_ones_as_they_were_armed(void **state)
{
	static const struct {
		int name;
		int64_t delay;
	} plan[] = {{'f', 50}, {'d', 20}, {'a', 0}, {'e', 20}, {'b', -5}, {'c', 1}, {'z', 60}};
	struct one ones[7];

	for (size_t i = 0; i < 7; i++) {
		init(&ones[i], *state, plan[i].name);
		cfs_timer_start(*state, &ones[i].timer, plan[i].delay);
	}
	/* cppcheck-suppress unreadVariable ; read when its timer fires */
	ones[6].ends = true;
	clock_skip(60);
	run(*state);
	assert_story("abcdefz");
}

static void a_timer_fires_once_for_each_start(void **state)
{
	struct one once, again, end;

	init(&once, *state, 'o');
	init(&again, *state, 'a');
	init(&end, *state, 'e');
	again.again_ms = 0;
	end.ends = true;
	cfs_timer_start(*state, &once.timer, 0);
	cfs_timer_start(*state, &again.timer, 0);
	cfs_timer_start(*state, &end.timer, 0);
	run(*state);
	assert_story("oae");
	cfs_timer_start(*state, &end.timer, 0);
	run(*state);
	assert_story("ae");
	assert_int_equal(once.called, 1);
	cfs_timer_stop(&again.timer);
	cfs_timer_stop(&again.timer);
	cfs_timer_start(*state, &end.timer, 0);
	run(*state);
	assert_story("e");
}

static void an_armed_timer_is_armed_anew(void **state)
{
	struct one sooner, later, end;

	init(&sooner, *state, 's');
	init(&later, *state, 'l');
	init(&end, *state, 'e');
	end.ends = true;
	cfs_timer_start(*state, &later.timer, 5);
	cfs_timer_start(*state, &sooner.timer, 100);
	cfs_timer_start(*state, &end.timer, 20);
	cfs_timer_start(*state, &later.timer, 200);
	cfs_timer_start(*state, &sooner.timer, 10);
	clock_skip(20);
	run(*state);
	assert_story("se");
	clock_skip(180);
	cfs_timer_start(*state, &end.timer, 0);
	run(*state);
	assert_story("le");
}

static void a_callback_may_stop_another_and_destroy_itself(void **state)
{
	struct one *first = malloc(sizeof(*first)), second, end;

	assert_non_null(first);
	init(first, *state, 'f');
	init(&second, *state, 's');
	init(&end, *state, 'e');
	first->stops = &second;
	first->dies = true;
	end.ends = true;
	cfs_timer_start(*state, &first->timer, 0);
	cfs_timer_start(*state, &second.timer, 0);
	cfs_timer_start(*state, &end.timer, 0);
	run(*state);
	assert_story("fe");
}

/* A timer that is always due does not keep the loop from its descriptors. */
static void timers_started_by_timers_let_descriptors_have_their_turn(void **state)
{
	struct one always, pipe;

	init(&always, *state, 'a');
	always.again_ms = 0;
	watch_pipe(&pipe, *state, 'p');
	pipe.ends = true;
	feed(&pipe);
	cfs_timer_start(*state, &always.timer, 0);
	run(*state);
	assert_story("ap");
	close_pipe(&pipe);
}

static void a_stop_ends_the_run_after_the_callback_at_work(void **state)
{
	struct one ends, timer, pipe;

	init(&ends, *state, 'e');
	init(&timer, *state, 't');
	watch_pipe(&pipe, *state, 'p');
	pipe.drains = true;
	pipe.ends = true;
	ends.ends = true;
	feed(&pipe);
	cfs_timer_start(*state, &ends.timer, 0);
	cfs_timer_start(*state, &timer.timer, 0);
	run(*state);
	assert_story("e");
	run(*state);
	assert_story("tp");
	cfs_loop_stop(*state);
	feed(&pipe);
	run(*state);
	assert_story("");
	run(*state);
	assert_story("p");
	close_pipe(&pipe);
}

static void a_stop_from_a_watch_leaves_the_rest_of_the_batch(void **state)
{
	struct one pipes[2];

	watch_pipe(&pipes[0], *state, 'p');
	watch_pipe(&pipes[1], *state, 'p');
	pipes[0].ends = pipes[1].ends = true;
	pipes[0].drains = pipes[1].drains = true;
	feed(&pipes[0]);
	feed(&pipes[1]);
	run(*state);
	assert_story("p");
	run(*state);
	assert_story("p");
	assert_int_equal(pipes[0].called, 1);
	assert_int_equal(pipes[1].called, 1);
	close_pipe(&pipes[0]);
	close_pipe(&pipes[1]);
}

static void a_watch_is_called_as_long_as_there_is_something_to_read(void **state)
{
	struct one pipe, end;

	watch_pipe(&pipe, *state, 'p');
	init(&end, *state, 'e');
	end.ends = true;
	pipe.drains = pipe.ends = true;
	for (int i = 0; i < 3; i++)
		feed(&pipe);
	for (int i = 0; i < 3; i++) {
		run(*state);
		assert_story("p");
	}
	pipe.starts = &end;
	cfs_timer_start(*state, &end.timer, 0);
	run(*state);
	assert_story("e");
	/* A closed write end also makes a pipe readable. */
	pipe.drains = false;
	close(pipe.fd[1]);
	run(*state);
	assert_story("p");
	cfs_watch_stop(&pipe.watch);
	cfs_watch_stop(&pipe.watch);
	cfs_timer_stop(&end.timer);
	close(pipe.fd[0]);
}

/* Of each pair that is ready in one batch, the first one called removes the other. */
static void a_watch_removed_by_another_of_its_batch_is_not_called(void **state)
{
	struct one pipes[8], end;

	init(&end, *state, 'e');
	end.ends = true;
	for (unsigned i = 0; i < 8; i++)
		watch_pipe(&pipes[i], *state, 'p');
	for (unsigned i = 0; i < 8; i++) {
		pipes[i].stops = &pipes[i ^ 1];
		pipes[i].drains = true;
		feed(&pipes[i]);
	}
	pipes[7].starts = &end;
	pipes[6].starts = &end;
	run(*state);
	for (unsigned i = 0; i < 8; i += 2)
		assert_int_equal(pipes[i].called + pipes[i + 1].called, 1);
	for (unsigned i = 0; i < 8; i++)
		close_pipe(&pipes[i]);
}

static void a_watch_may_destroy_itself(void **state)
{
	struct one *pipe = malloc(sizeof(*pipe));

	assert_non_null(pipe);
	watch_pipe(pipe, *state, 'p');
	pipe->dies = true;
	pipe->ends = true;
	feed(pipe);
	run(*state);
	assert_story("p");
}

static void a_descriptor_can_be_watched_again(void **state)
{
	struct one pipe;

	watch_pipe(&pipe, *state, 'p');
	pipe.ends = pipe.drains = true;
	for (int i = 0; i < 3; i++) {
		feed(&pipe);
		run(*state);
		assert_story("p");
		cfs_watch_stop(&pipe.watch);
		assert_int_equal(
			cfs_watch_start(*state, &pipe.watch, pipe.fd[0], readable, &pipe), 0);
	}
	close_pipe(&pipe);
}

/* More descriptors than one epoll_wait can report. */
static void every_ready_descriptor_is_served(void **state)
{
	static struct one pipes[PIPES];

	for (unsigned i = 0; i < PIPES; i++) {
		watch_pipe(&pipes[i], *state, 'p');
		pipes[i].drains = pipes[i].ends = true;
		feed(&pipes[i]);
	}
	for (unsigned round = 0; round < PIPES; round++)
		run(*state);
	for (unsigned i = 0; i < PIPES; i++) {
		assert_int_equal(pipes[i].called, 1);
		close_pipe(&pipes[i]);
	}
}

static void what_cannot_be_watched_is_an_error(void **state)
{
	struct cfs_watch watch = {0};
	struct one pipe;

	assert_int_equal(cfs_watch_start(*state, &watch, -1, readable, NULL), -EBADF);
	assert_null(watch.loop);
	cfs_watch_stop(&watch);
	watch_pipe(&pipe, *state, 'p');
	assert_int_equal(cfs_watch_start(*state, &watch, pipe.fd[0], readable, NULL), -EEXIST);
	close_pipe(&pipe);
}

static void what_is_left_is_forgotten_with_the_loop(void **state)
{
	struct cfs_loop *loop;
	struct one timer, pipe;

	(void)state;
	cfs_loop_destroy(NULL);
	assert_int_equal(cfs_loop_create(&loop), 0);
	init(&timer, loop, 't');
	cfs_timer_start(loop, &timer.timer, 0);
	watch_pipe(&pipe, loop, 'p');
	feed(&pipe);
	cfs_loop_destroy(loop);
	assert_int_equal(timer.called + pipe.called, 0);
	close(pipe.fd[0]);
	close(pipe.fd[1]);
}

static void no_timer_fires_early(void **state)
{
	struct one ones[12];
	int64_t begin;

	fake_clock.stands = false;
	begin = cfs_clock_ms();
	for (int i = 0; i < 12; i++) {
		init(&ones[i], *state, 'a' + i);
		ones[i].ends = true;
		cfs_timer_start(*state, &ones[i].timer, i);
	}
	for (int i = 0; i < 12; i++) {
		run(*state);
		assert_int_equal(story.who[0], 'a' + i);
		assert_true(cfs_clock_ms() - begin >= i);
	}
}

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

static void a_signal_does_not_end_the_run(void **state)
{
	const struct itimerval soon = {.it_value.tv_usec = 2000, .it_interval.tv_usec = 2000};
	const struct itimerval off = {0};
	const struct sigaction action = {.sa_handler = on_alarm};
	struct one end;

	fake_clock.stands = false;
	alarms = 0;
	init(&end, *state, 'e');
	end.ends = true;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	while (alarms == 0) {
		cfs_timer_start(*state, &end.timer, 10);
		run(*state);
		assert_story("e");
	}
	assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
}

/* Compares thousands of timers with a simple list that is searched. */

static struct model {
	struct cfs_loop *loop;
	uint64_t seed, order;
	unsigned rounds;
	size_t armed;
	struct cfs_timer pump;
	struct {
		struct cfs_timer timer;
		bool armed;
		int64_t at;
		uint64_t order;
		size_t i;
	} one[TIMERS];
} model;

static void start_one(size_t i, int64_t delay)
{
	model.armed += !model.one[i].armed;
	model.one[i].armed = true;
	model.one[i].at = cfs_clock_ms() + delay;
	model.one[i].order = model.order++;
	cfs_timer_start(model.loop, &model.one[i].timer, delay);
}

static void stop_one(size_t i)
{
	model.armed -= model.one[i].armed;
	model.one[i].armed = false;
	cfs_timer_stop(&model.one[i].timer);
}

static void one_fired(void *arg)
{
	size_t *me = arg;

	assert_true(model.one[*me].armed);
	assert_true(model.one[*me].at <= cfs_clock_ms());
	for (size_t i = 0; i < TIMERS; i++) {
		if (!model.one[i].armed || i == *me)
			continue;
		assert_true(model.one[i].at > model.one[*me].at ||
			(model.one[i].at == model.one[*me].at &&
				model.one[i].order > model.one[*me].order));
	}
	model.armed--;
	model.one[*me].armed = false;
	if (draw(&model.seed) % 2)
		start_one(draw(&model.seed) % TIMERS, (int64_t)(draw(&model.seed) % 50));
	if (draw(&model.seed) % 4 == 0)
		stop_one(draw(&model.seed) % TIMERS);
}

static void pumped(void *arg)
{
	(void)arg;
	/* All that were due at the last round have fired. */
	for (int i = 0; i < TIMERS; i++)
		assert_true(!model.one[i].armed || model.one[i].at >= cfs_clock_ms());
	if (model.rounds++ == ROUNDS) {
		cfs_loop_stop(model.loop);
		return;
	}
	for (int i = 0; i < 4; i++) {
		start_one(draw(&model.seed) % TIMERS, (int64_t)(draw(&model.seed) % 300));
		if (draw(&model.seed) % 3 == 0)
			stop_one(draw(&model.seed) % TIMERS);
	}
	clock_skip((int64_t)(draw(&model.seed) % 3));
	cfs_timer_start(model.loop, &model.pump, 0);
}

static void random_timers_fire_as_a_sorted_list_would(void **state)
{
	model.loop = *state;
	model.seed = 4711;
	for (size_t i = 0; i < TIMERS; i++) {
		model.one[i].i = i;
		cfs_timer_init(&model.one[i].timer, one_fired, &model.one[i].i);
		start_one(i, (int64_t)(draw(&model.seed) % 1000));
	}
	cfs_timer_init(&model.pump, pumped, NULL);
	cfs_timer_start(*state, &model.pump, 0);
	assert_int_equal(cfs_loop_run(*state), 0);
	assert_true(model.armed > 50);
	for (size_t i = 0; i < TIMERS; i++)
		stop_one(i);
	assert_int_equal(model.armed, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(timers_fire_in_order_and_equal_ones_as_they_were_armed),
		TEST(a_timer_fires_once_for_each_start),
		TEST(an_armed_timer_is_armed_anew),
		TEST(a_callback_may_stop_another_and_destroy_itself),
		TEST(timers_started_by_timers_let_descriptors_have_their_turn),
		TEST(a_stop_ends_the_run_after_the_callback_at_work),
		TEST(a_stop_from_a_watch_leaves_the_rest_of_the_batch),
		TEST(a_watch_is_called_as_long_as_there_is_something_to_read),
		TEST(a_watch_removed_by_another_of_its_batch_is_not_called),
		TEST(a_watch_may_destroy_itself),
		TEST(a_descriptor_can_be_watched_again),
		TEST(every_ready_descriptor_is_served),
		TEST(what_cannot_be_watched_is_an_error),
		TEST(what_is_left_is_forgotten_with_the_loop),
		TEST(no_timer_fires_early),
		TEST(a_signal_does_not_end_the_run),
		TEST(random_timers_fire_as_a_sorted_list_would),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
