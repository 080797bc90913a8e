/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <stdio.h>

void sim_answer_finish(struct sim_answer *answer)
{
	if (!answer)
		return;
	sim_buf_finish(&answer->body);
	if (answer->stream.state)
		answer->stream.destroy(answer->stream.state);
	answer->stream = (struct sim_stream){0};
}

bool sim_answer_fault(struct sim_answer *answer, const struct sim_effect *effect)
{
	static const unsigned char garbage[] = {0x7f, 'E', 'L', 'F', 0, 0xff, 0xfe, '<', '{', '"',
		0x80, 0xc3, 0x28, '\r', '\n', 0, 1, 2, 3, '>'};
	answer->delay_ms += effect->delay_ms;
	answer->record.fault = effect->name;
	if (sim_fault_of_wire(effect->kind)) {
		answer->wire = effect->kind;
		answer->wire_number = effect->number;
		return false;
	}
	if (effect->kind == SIM_FAULT_THROTTLE && effect->number) {
		answer->header = "Retry-After";
		snprintf(answer->header_value, sizeof(answer->header_value), "%u", effect->number);
	}
	switch (effect->kind) {
	case SIM_FAULT_HANG:
		answer->hang = true;
		return true;
	case SIM_FAULT_RESET:
		answer->reset = true;
		return true;
	case SIM_FAULT_STATUS:
		/* What a proxy or load balancer in between would say. */
		answer->status = effect->number;
		answer->content_type = "text/html";
		answer->server = "awselb/2.0";
		answer->request_id_header = NULL;
		if (effect->number != 204 && effect->number != 304)
			sim_buf_addf(&answer->body,
				"<html>\r\n<head><title>%u</title></head>\r\n<body>\r\n"
				"<center><h1>%u</h1></center>\r\n</body>\r\n</html>\r\n",
				effect->number, effect->number);
		return true;
	case SIM_FAULT_GARBAGE:
		answer->status = 200;
		sim_buf_add(&answer->body, garbage, sizeof(garbage));
		return true;
	case SIM_FAULT_TRUNCATE:
		answer->truncate = true;
		return false;
	case SIM_FAULT_NONE:
	case SIM_FAULT_DELAY:
	case SIM_FAULT_CODE:
	case SIM_FAULT_THROTTLE:
	case SIM_FAULT_BADBASE64:
	case SIM_FAULT_NOTJPEG:
	case SIM_FAULT_BADID:
	case SIM_FAULT_OVERSIZE:
	case SIM_FAULT_EMPTY:
	case SIM_FAULT_CLOSE:
	case SIM_FAULT_CUTHEADER:
	case SIM_FAULT_CUTBODY:
	case SIM_FAULT_CUTTLS:
	case SIM_FAULT_BADTLS:
	case SIM_FAULT_STALL:
	case SIM_FAULT_DRIP:
	case SIM_FAULT_LONGLENGTH:
	case SIM_FAULT_SHORTLENGTH:
	case SIM_FAULT_BADCHUNK:
	case SIM_FAULT_NOLASTCHUNK:
	case SIM_FAULT_CHUNKS:
	case SIM_FAULT_BIGHEADER:
	case SIM_FAULT_LONGHEADER:
	case SIM_FAULT_INTERIM:
	case SIM_FAULT_TWICE:
		break;
	}
	return false;
}
