// SPDX-License-Identifier: Apache-2.0
// A circuit for yosys: a counter that steps by a multiple, and a small machine beside it.
module counter(input clk, input reset, input [3:0] step, output reg [15:0] value, output reg [1:0] state);
  localparam idle = 2'd0, counting = 2'd1, full = 2'd2;
  always @(posedge clk)
    if (reset) begin
      value <= 0;
      state <= idle;
    end else begin
      case (state)
        idle: if (step != 0) state <= counting;
        counting: begin
          value <= value + step * 3;
          if (value > 16'hff00) state <= full;
        end
        default: state <= full;
      endcase
    end
endmodule
