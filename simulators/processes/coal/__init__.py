"""An underground coal mine: ventilation, gas, haulage, water, preparation plant; pure physics in SI units."""
